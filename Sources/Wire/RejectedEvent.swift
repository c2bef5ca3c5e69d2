/// Why an event was not accepted.
public enum RejectReason: String, Sendable, Codable, CaseIterable {
    case missingDevice = "missing_device"
    case missingSensor = "missing_sensor"
    case missingTime = "missing_time"
    case missingValue = "missing_value"
    case badTime = "bad_time"
    case early
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
            "\"\(value)\" is no time: write RFC 3339 or a number since the epoch, from 1970 to 2262"
        case .early:
            "\"\(value)\" is later than the server's clock and its clock-ahead limit: "
                + "set the device's clock, or the unit of its times"
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
    /// The start of the event as it was written, on one line, at most 200 bytes.
    public let sample: String
    /// The event as it was written, at most ``textByteCountMax`` bytes: what can be decoded again.
    ///
    /// An object or row of several readings is there as a whole, whichever of them was rejected.
    public let text: String
    /// Whether ``text`` is all of the event, neither cut nor repaired.
    public let isTextWhole: Bool
    /// Which message of a batch it came in, nil when it came in a body of its own.
    public let messageIndex: Int?

    /// Bytes of an event's text that are kept.
    public static let textByteCountMax = 4096
    /// Bytes of an event's sample.
    public static let sampleByteCountMax = 200

    init(
        index: Int,
        line: Int,
        reason: RejectReason,
        value: UnsafeRawBufferPointer,
        event: UnsafeRawBufferPointer,
        messageIndex: Int?
    ) {
        self.index = index
        self.line = line
        self.reason = reason
        self.messageIndex = messageIndex
        message = reason.message(for: printable(value, byteCountMax: 80))
        sample = printable(event, byteCountMax: Self.sampleByteCountMax)
        let start = cut(event, byteCountMax: Self.textByteCountMax)
        let valid = String(validating: start, as: UTF8.self)
        isTextWhole = valid != nil && start.count == event.count
        text = valid ?? repaired(start, byteCountMax: Self.textByteCountMax)
    }
}

/// The start of some bytes as text on one line, cut between characters.
func printable(_ bytes: UnsafeRawBufferPointer, byteCountMax: Int) -> String {
    let text = String(decoding: cut(bytes, byteCountMax: byteCountMax), as: UTF8.self)
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

private func repaired(_ bytes: UnsafeRawBufferPointer, byteCountMax: Int) -> String {
    var text = String(decoding: bytes, as: UTF8.self)
    while text.utf8.count > byteCountMax { text.unicodeScalars.removeLast() }
    return text
}

/// At most so many of the first bytes, ending between characters.
private func cut(_ bytes: UnsafeRawBufferPointer, byteCountMax: Int) -> UnsafeRawBufferPointer {
    guard bytes.count > byteCountMax else { return bytes }
    var end = byteCountMax
    while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
    return UnsafeRawBufferPointer(rebasing: bytes[..<end])
}
