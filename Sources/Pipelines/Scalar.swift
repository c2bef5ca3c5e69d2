import Core

/// Why one scalar is not what it should be; the caller knows where it stands.
struct ScalarProblem: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}

/// Parsers of single values with messages that name the value and what is allowed.
enum Scalar {
    /// Reads `30s`, `5m`, `1h30m`, and `0s` where the range holds zero.
    static func duration(
        _ text: String,
        in range: ClosedRange<Duration>
    ) throws(ScalarProblem) -> Duration {
        let zeros: Set<String> = ["0", "0us", "0ms", "0s", "0m", "0h", "0d", "0w"]
        guard let value = zeros.contains(text) ? .zero : Duration(parsing: text) else {
            throw ScalarProblem(
                "\"\(text.prefix(40))\" is not a duration; "
                    + "write a number and a unit, such as 30s, 5m or 1h"
            )
        }
        guard range.contains(value) else {
            throw ScalarProblem(
                "\(value.text) is out of range; "
                    + "must be \(range.lowerBound.text) to \(range.upperBound.text)"
            )
        }
        return value
    }

    /// Reads a whole number within a range.
    static func integer(
        _ text: String,
        in range: ClosedRange<Int>
    ) throws(ScalarProblem) -> Int {
        guard let value = Int(text) else {
            throw ScalarProblem("\"\(text.prefix(40))\" is not a whole number")
        }
        guard range.contains(value) else {
            throw ScalarProblem(
                "\(value) is out of range; must be \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return value
    }

    /// Reads `true` or `false`, nothing else.
    static func boolean(_ text: String) throws(ScalarProblem) -> Bool {
        switch text {
        case "true": true
        case "false": false
        default: throw ScalarProblem("\"\(text.prefix(40))\" is not true or false")
        }
    }

    /// Reads one of a few words.
    static func choice(_ text: String, of words: [String]) throws(ScalarProblem) -> String {
        guard words.contains(text) else {
            throw ScalarProblem("\"\(text.prefix(40))\" is an " + unknown(text, words, "value"))
        }
        return text
    }

    /// Reads the name of a pipeline, fleet, alias or window definition.
    static func name(_ text: String) throws(ScalarProblem) -> String {
        guard isName(text) else {
            throw ScalarProblem(
                "\"\(text.prefix(40))\" is not a name; use 1 to 63 of a-z, 0-9, _ and -, "
                    + "beginning with a letter or a digit"
            )
        }
        return text
    }

    /// Whether a text is a name as ``name(_:)`` reads it.
    static func isName(_ text: String) -> Bool {
        let bytes = text.utf8
        guard (1...63).contains(bytes.count), let first = bytes.first else { return false }
        return isLetterOrDigit(first)
            && bytes.allSatisfy { isLetterOrDigit($0) || $0 == 0x5F || $0 == 0x2D }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
    }
}
