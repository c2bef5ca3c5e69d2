/// The bounds of one server; nothing in the product grows without one of these.
public struct Limits: Sendable {
    /// Bytes of one request body.
    public var bodyByteCountMax = 32 << 20
    /// Events of one batch.
    public var batchEventCountMax = 500_000
    /// Events accepted but not yet durable, over all requests.
    public var pendingEventCountMax = 4_000_000
    /// How far an event's time may be ahead of the server's clock.
    public var timeAheadMax = Duration.seconds(86_400)
    /// Series that may appear by themselves.
    public var seriesCountMax = 5_000_000
    /// Events that may wait in the log for their windows before senders are told to wait.
    public var lagEventCountMax = 20_000_000
    /// Rejected events listed in one answer; the rest are only counted.
    public var rejectedListCountMax = 100
    /// Bytes of one model file.
    public var modelByteCountMax = 256 << 20

    public init() {}
}
