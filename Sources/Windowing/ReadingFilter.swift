import Core

/// Which readings a window definition takes, such as `value > -50 and value <= 200`.
///
/// Comparisons of `value` with a number, joined by `and` and `or`; `and` binds tighter. A NaN
/// reading passes only `!=`, as IEEE 754 compares.
///
/// - Range: at most 1024 bytes and 32 comparisons; numbers are finite decimals.
public struct ReadingFilter: Sendable, Equatable, CustomStringConvertible {
    /// The text it was parsed from.
    public let text: String
    private let comparisons: [Comparison]

    /// Parses a filter.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` naming the first token that does not fit.
    public init(parsing text: String) throws {
        guard text.utf8.count <= 1024 else {
            throw FleetError(
                .invalidArgument,
                "the filter \"\(text.prefix(40))...\" is longer than 1024 bytes"
            )
        }
        var tokens = FilterTokens(text)
        var comparisons: [Comparison] = []
        var startsAlternative = true
        while true {
            comparisons.append(try Self.comparison(&tokens, startsAlternative))
            guard let word = tokens.next() else { break }
            switch word.lowercased() {
            case "and": startsAlternative = false
            case "or": startsAlternative = true
            default: throw tokens.error(word, expected: "and, or, or the end")
            }
            guard comparisons.count < 32 else {
                throw tokens.error(word, expected: "the end: a filter has at most 32 comparisons")
            }
        }
        self.text = text
        self.comparisons = comparisons
    }

    public var description: String { text }

    /// Whether a reading with this value counts.
    public func accepts(_ value: Double) -> Bool {
        var holds = false
        for comparison in comparisons {
            if comparison.startsAlternative {
                if holds { return true }
                holds = true
            }
            holds = holds && comparison.accepts(value)
        }
        return holds
    }

    private static func comparison(
        _ tokens: inout FilterTokens,
        _ startsAlternative: Bool
    ) throws -> Comparison {
        let subject = tokens.next()
        guard subject == "value" else { throw tokens.error(subject, expected: "value") }
        let symbol = tokens.next()
        guard let symbol, let relation = Relation(rawValue: symbol) else {
            throw tokens.error(symbol, expected: "one of > >= < <= == !=")
        }
        let number = tokens.next()
        guard let number, let operand = Self.number(number) else {
            throw tokens.error(number, expected: "a number")
        }
        return Comparison(
            startsAlternative: startsAlternative,
            relation: relation,
            operand: operand
        )
    }

    /// A finite decimal number; the standard library alone would take `nan`, `inf` and hex too.
    private static func number(_ token: String) -> Double? {
        let isDecimal = token.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x2B, 0x2D, 0x2E, 0x45, 0x65: true
            default: false
            }
        }
        guard isDecimal, let value = Double(token), value.isFinite else { return nil }
        return value
    }

    private enum Relation: String, Sendable {
        case greater = ">"
        case greaterOrEqual = ">="
        case less = "<"
        case lessOrEqual = "<="
        case equal = "=="
        case notEqual = "!="
    }

    private struct Comparison: Sendable, Equatable {
        /// Whether an `or` precedes it, or nothing.
        let startsAlternative: Bool
        let relation: Relation
        let operand: Double

        func accepts(_ value: Double) -> Bool {
            switch relation {
            case .greater: value > operand
            case .greaterOrEqual: value >= operand
            case .less: value < operand
            case .lessOrEqual: value <= operand
            case .equal: value == operand
            case .notEqual: value != operand
            }
        }
    }
}

/// Cuts a filter into words and comparison symbols.
struct FilterTokens {
    private let text: String
    private var rest: Substring

    init(_ text: String) {
        self.text = text
        rest = Substring(text)
    }

    mutating func next() -> String? {
        rest = rest.drop { $0.isWhitespace }
        guard let first = rest.first else { return nil }
        let isSymbol = Self.isSymbol(first)
        let token = rest.prefix { !$0.isWhitespace && Self.isSymbol($0) == isSymbol }
        rest = rest.dropFirst(token.count)
        return String(token)
    }

    func error(_ token: String?, expected: String) -> FleetError {
        let found = token.map { "\"\($0.prefix(40))\"" } ?? "the end"
        return FleetError(
            .invalidArgument,
            "cannot read the filter \"\(text.prefix(80))\": found \(found), expected \(expected)",
            hint: "write comparisons such as value > -50 and value <= 200"
        )
    }

    private static func isSymbol(_ character: Character) -> Bool {
        character == ">" || character == "<" || character == "=" || character == "!"
    }
}
