import Core

/// How many items of a run may fail before it publishes nothing.
package enum FailureLimit: Sendable, Equatable, CustomStringConvertible {
    case count(Int)
    /// Of all items; 0 to 100.
    case percent(Double)

    package static let countMax = 1_000_000_000

    /// Reads `10%`, `0.5%` or a count.
    init(_ text: String) throws(ScalarProblem) {
        if text.hasSuffix("%") {
            guard let value = Double(text.dropLast()), value >= 0, value <= 100 else {
                throw ScalarProblem("\"\(text.prefix(40))\" is out of range; must be 0% to 100%")
            }
            self = .percent(value)
        } else {
            guard let value = Int(text) else {
                throw ScalarProblem(
                    "\"\(text.prefix(40))\" is neither a count nor a percentage such as 10%"
                )
            }
            guard (0...Self.countMax).contains(value) else {
                throw ScalarProblem("\(value) is out of range; must be 0 to \(Self.countMax)")
            }
            self = .count(value)
        }
    }

    /// Whether so many failures of so many items are within the limit.
    package func allows(_ failures: Int, of total: Int) -> Bool {
        switch self {
        case .count(let limit): failures <= limit
        case .percent(let limit): Double(failures) * 100 <= limit * Double(total)
        }
    }

    package var description: String {
        switch self {
        case .count(let count): String(count)
        case .percent(let value):
            (Int(exactly: value).map(String.init) ?? String(value)) + "%"
        }
    }
}
