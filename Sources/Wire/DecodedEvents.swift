public import Core

/// Why an event was not accepted.
public enum RejectReason: String, Sendable, Codable, CaseIterable {
    case missingDevice = "missing_device"
    case missingSensor = "missing_sensor"
    case missingTime = "missing_time"
    case missingValue = "missing_value"
    case badTime = "bad_time"
    case badValue = "bad_value"
    case notFinite = "not_finite"
    case badName = "bad_name"
    case malformed = "malformed"
    case tooManyFields = "too_many_fields"

    /// One line that says what is wrong with a value and what is expected.
    public func message(for value: String) -> String {
        switch self {
        case .missingDevice: "the event has no device"
        case .missingSensor: "the event has no sensor"
        case .missingTime: "the event has no time"
        case .missingValue: "the event has no value"
        case .badTime:
            "\"\(value)\" is no time: write RFC 3339 or a number since the epoch, from 1970 on, "
                + "to a server at most a year ahead"
        case .badValue: "\"\(value)\" is not a number"
        case .notFinite: "\"\(value)\" is not a finite number"
        case .badName:
            "\"\(value)\" is not a name: use 1 to 256 bytes of UTF-8, no control characters, no /"
        case .malformed: "\"\(value)\" cannot be read as an event"
        case .tooManyFields: "\"\(value)\" has more fields than the header has columns"
        }
    }
}

/// An event that was not accepted, and why.
public struct RejectedEvent: Sendable, Codable, Equatable {
    /// The event's place in the body, from 0, counting accepted and rejected events.
    public let index: Int
    /// The line of the body it stands on, from 1.
    public let line: Int
    public let reason: RejectReason
    public let message: String
    /// The start of the event as it was written, at most 200 bytes.
    public let sample: String
}

/// The events of a body that were accepted, and what is known of the others.
public struct DecodedEvents: Sendable {
    public var batch = EventBatch()
    /// The first rejected events, at most `Limits.rejectedListCountMax`.
    public private(set) var rejected: [RejectedEvent] = []
    public private(set) var rejectedCount = 0
    private var countByReason: [RejectReason: Int] = [:]

    public init() {}

    /// Accepted and rejected events together.
    public var eventCount: Int { batch.count + rejectedCount }

    /// How many events were rejected for each reason that occurred, by its code.
    public var rejectedByReason: [String: Int] {
        Dictionary(uniqueKeysWithValues: countByReason.map { ($0.key.rawValue, $0.value) })
    }

    /// Counts a rejected event and lists it while the list has room.
    mutating func reject(
        _ reason: RejectReason,
        index: Int,
        line: Int,
        value: UnsafeRawBufferPointer,
        sample: UnsafeRawBufferPointer,
        listCountMax: Int
    ) {
        rejectedCount += 1
        countByReason[reason, default: 0] += 1
        guard rejected.count < listCountMax else { return }
        rejected.append(
            RejectedEvent(
                index: index,
                line: line,
                reason: reason,
                message: reason.message(for: printable(value, byteCountMax: 80)),
                sample: printable(sample, byteCountMax: 200)
            )
        )
    }
}

/// The start of some bytes as text on one line, cut between characters.
func printable(_ bytes: UnsafeRawBufferPointer, byteCountMax: Int) -> String {
    var end = min(bytes.count, byteCountMax)
    if end < bytes.count {
        while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
    }
    let text = String(decoding: bytes[..<end], as: UTF8.self)
    let scalars = text.unicodeScalars.map { scalar -> Unicode.Scalar in
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: " "
        default: scalar
        }
    }
    var result = String(String.UnicodeScalarView(scalars))
    // Repaired bytes grow to three each.
    while result.utf8.count > byteCountMax { result.unicodeScalars.removeLast() }
    return result
}
