/// A moment in UTC as microseconds since 1970-01-01T00:00:00Z.
///
/// - Range: years 1 to 9999; parsing refuses anything else.
public struct Timestamp: Sendable, Hashable, Comparable {
    public let microseconds: Int64

    @inlinable
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// The moment so many seconds after the epoch.
    public init(seconds: Int64) {
        self.init(microseconds: seconds * 1_000_000)
    }

    @inlinable
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microseconds < right.microseconds
    }

    @inlinable
    public static func + (left: Timestamp, right: Duration) -> Timestamp {
        Timestamp(microseconds: left.microseconds &+ right.microseconds)
    }

    @inlinable
    public static func - (left: Timestamp, right: Duration) -> Timestamp {
        Timestamp(microseconds: left.microseconds &- right.microseconds)
    }

    @inlinable
    public static func - (left: Timestamp, right: Timestamp) -> Duration {
        .microseconds(left.microseconds &- right.microseconds)
    }

    public static let distantPast = Timestamp(microseconds: -62_135_596_800_000_000)
    public static let distantFuture = Timestamp(microseconds: 253_402_300_799_999_999)
}

extension Duration {
    /// The whole microseconds in this duration.
    @inlinable
    public var microseconds: Int64 {
        components.seconds &* 1_000_000 &+ components.attoseconds / 1_000_000_000_000
    }

    /// This duration as fractional seconds.
    public var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}

/// The half-open time interval `[start, end)`.
public struct TimeInterval: Sendable, Hashable, Codable, CustomStringConvertible {
    public let start: Timestamp
    public let end: Timestamp

    /// - Throws: ``FleetError`` `.invalidArgument` when the end is not after the start.
    public init(start: Timestamp, end: Timestamp) throws {
        guard start < end else {
            throw FleetError(
                .invalidArgument,
                "the interval \(start)/\(end) is empty: its end must be later"
            )
        }
        self.start = start
        self.end = end
    }

    /// Parses `START/END`, two RFC 3339 times.
    public init(parsing text: String) throws {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2,
            let start = Timestamp(rfc3339: String(parts[0])),
            let end = Timestamp(rfc3339: String(parts[1]))
        else {
            throw FleetError(
                .invalidArgument,
                "cannot read the interval \"\(text)\"",
                hint: "write START/END, such as 2026-01-01T00:00:00Z/2026-01-02T00:00:00Z"
            )
        }
        try self.init(start: start, end: end)
    }

    /// Reads `start` and `end`; an empty interval is refused like anywhere else.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            start: values.decode(Timestamp.self, forKey: .start),
            end: values.decode(Timestamp.self, forKey: .end)
        )
    }

    public var duration: Duration { end - start }
    public var description: String { "\(start)/\(end)" }

    @inlinable
    public func contains(_ time: Timestamp) -> Bool {
        start <= time && time < end
    }
}

extension Timestamp: Codable {
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Timestamp(rfc3339: text) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "\"\(text)\" is not an RFC 3339 time"
                )
            )
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
