/// Text that may go into a page: everything from outside is escaped on the way in.
struct HTML: ExpressibleByStringInterpolation, CustomStringConvertible {
    private(set) var description: String

    init(stringLiteral value: String) { description = value }

    init(stringInterpolation: Interpolation) { description = stringInterpolation.text }

    /// Escapes plain values; markup goes in as ``HTML``.
    struct Interpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) {}

        mutating func appendLiteral(_ literal: String) { text += literal }
        mutating func appendInterpolation(_ html: HTML) { text += html.description }
        /// A whole number with thousands separators.
        mutating func appendInterpolation(grouped value: some BinaryInteger) {
            let digits = String(value.magnitude)
            text += value < 0 ? "-" : ""
            for (index, digit) in digits.enumerated() {
                if index > 0, (digits.count - index) % 3 == 0 { text += "," }
                text.append(digit)
            }
        }
        mutating func appendInterpolation(_ value: some CustomStringConvertible) {
            text += HTML.escaped(value.description)
        }
    }

    static func + (left: HTML, right: HTML) -> HTML {
        var sum = left
        sum.description += right.description
        return sum
    }

    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.append(character)
            }
        }
        return result
    }
}

extension Sequence where Element == HTML {
    /// The pieces one after another.
    func joined() -> HTML { reduce("") { $0 + $1 } }
}
