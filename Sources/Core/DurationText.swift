extension Duration {
    /// Parses `250ms`, `30s`, `5m`, `1h`, `1d`, `1w`, or several of them such as `1h30m`.
    ///
    /// - Returns: nil when the text is anything else, zero or negative.
    public init?(parsing text: String) {
        var total: Int64 = 0
        var rest = Substring(text)
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let number = Int64(digits), number <= 1_000_000_000 else { return nil }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let scale = Self.units.first(where: { $0.name == unit })?.microseconds else {
                return nil
            }
            let (product, overflow) = number.multipliedReportingOverflow(by: scale)
            let (sum, overflowAgain) = total.addingReportingOverflow(product)
            guard !overflow, !overflowAgain else { return nil }
            total = sum
        }
        guard total > 0 else { return nil }
        self = .microseconds(total)
    }

    /// The shortest text that ``init(parsing:)`` reads back, such as `5m` or `1h30m`.
    public var text: String {
        var rest = microseconds
        guard rest > 0 else { return "0s" }
        var result = ""
        for unit in Self.units.reversed() where unit.name != "w" && rest >= unit.microseconds {
            result += "\(rest / unit.microseconds)\(unit.name)"
            rest %= unit.microseconds
        }
        return result
    }

    private static let units: [(name: Substring, microseconds: Int64)] = [
        ("us", 1), ("ms", 1000), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000),
        ("d", 86_400_000_000), ("w", 604_800_000_000),
    ]
}
