/// The bounds of one server; nothing in the product grows without one of these.
public struct Limits: Sendable {
    /// Bytes of one request body.
    public var bodyByteCountMax = 32 << 20
    /// Events of one batch.
    public var batchEventCountMax = 500_000
    /// Events accepted but not yet durable, over all requests.
    public var pendingEventCountMax = 4_000_000
    /// How far an event's time may be ahead of the server's clock.
    public var timeAheadMax = Duration.seconds(366 * 86_400)
    /// Rejected events listed in one answer; the rest are only counted.
    public var rejectedListCountMax = 100
    /// Bytes of one model file.
    public var modelByteCountMax = 256 << 20

    public init() {}
}
