/// An aggregate of the readings in a window, by its name: `mean`, `rate`, `p95`.
///
/// A quantile is `p` and its decimals: `p50` is 0.50, `p05` 0.05 and `p999` 0.999. What a name
/// means stands in ``rules``; an aggregate that follows from stored columns is one more rule there.
///
/// - Range: quantiles have 2 to 6 decimals, the last not 0 beyond two, and are above 0.
public struct Aggregate: RawRepresentable, Sendable, Hashable, Codable {
    public let rawValue: String
    /// The position among ``rules``, or nil for a quantile.
    private let rule: Int?
    /// The quantile between 0 and 1; nil for the others.
    public let quantile: Double?

    /// The aggregate of a name; nil when there is none.
    public init?(rawValue: String) {
        if let rule = Self.rules.firstIndex(where: { $0.name == rawValue }) {
            self.init(rawValue, rule: rule, quantile: nil)
        } else if let quantile = Self.quantile(named: rawValue) {
            self.init(rawValue, rule: nil, quantile: quantile)
        } else {
            return nil
        }
    }

    private init(_ rawValue: String, rule: Int?, quantile: Double?) {
        self.rawValue = rawValue
        self.rule = rule
        self.quantile = quantile
    }

    public init(from decoder: any Decoder) throws {
        let name = try decoder.singleValueContainer().decode(String.self)
        guard let aggregate = Aggregate(rawValue: name) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "\"\(name)\" is not an aggregate"
                )
            )
        }
        self = aggregate
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    public static let count = fixed("count")
    public static let sum = fixed("sum")
    public static let mean = fixed("mean")
    public static let min = fixed("min")
    public static let max = fixed("max")
    public static let stddev = fixed("stddev")
    public static let first = fixed("first")
    public static let last = fixed("last")
    public static let rate = fixed("rate")

    /// The aggregates with fixed names, for hints and listings; quantiles are not among them.
    public static let fixedNames: [Aggregate] = rules.indices.map {
        Aggregate(rules[$0].name, rule: $0, quantile: nil)
    }

    /// The quantile with so many decimals as it needs, such as `p95` for 0.95; nil out of range.
    ///
    /// - Range: above 0 and below 1, with at most 6 decimals.
    public static func quantile(_ point: Double) -> Aggregate? {
        let millionths = (point * 1e6).rounded()
        guard millionths >= 1, millionths <= 999_999, millionths / 1e6 == point else { return nil }
        var digits = String(Int(millionths))
        digits = String(repeating: "0", count: 6 - digits.utf8.count) + digits
        while digits.utf8.count > 2, digits.utf8.last == 0x30 { digits.removeLast() }
        return Aggregate("p" + digits, rule: nil, quantile: point)
    }

    /// The value in a row of windows; NaN when it is null.
    func value(in windows: WindowBatch, at row: Int) -> Double {
        if let rule { return Self.rules[rule].value(windows, row) }
        guard let quantile else { return .nan }
        return windows.quantile(quantile, at: row)
    }

    private static func fixed(_ name: String) -> Aggregate {
        Aggregate(name, rule: rules.firstIndex { $0.name == name }, quantile: nil)
    }

    /// Reads `p95`: the digits are decimals; every quantile has one name.
    private static func quantile(named name: String) -> Double? {
        let digits = name.utf8.dropFirst()
        guard name.utf8.first == 0x70, (2...6).contains(digits.count),
            digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let numerator = Int(name.dropFirst()), numerator > 0
        else { return nil }
        let denominator = digits.reduce(1) { product, _ in product * 10 }
        let point = Double(numerator) / Double(denominator)
        return quantile(point)?.rawValue == name ? point : nil
    }

    /// How an aggregate with a fixed name is read from the columns of a window.
    private struct Rule: Sendable {
        let name: String
        let value: @Sendable (WindowBatch, Int) -> Double

        init(_ name: String, _ value: @escaping @Sendable (WindowBatch, Int) -> Double) {
            self.name = name
            self.value = value
        }
    }

    private static let rules: [Rule] = [
        Rule("count") { Double($0.counts[$1]) },
        Rule("sum") { $0.sums[$1] },
        Rule("mean") { $0.means[$1] },
        Rule("min") { $0.mins[$1] },
        Rule("max") { $0.maxs[$1] },
        Rule("stddev") { $0.stddevs[$1] },
        Rule("first") { $0.firsts[$1] },
        Rule("last") { $0.lasts[$1] },
        Rule("rate") { $0.rates[$1] },
    ]
}

extension Aggregate: CaseIterable {
    /// As ``fixedNames``: quantiles are not listed.
    public static var allCases: [Aggregate] { fixedNames }
}
