/// Products of columns up to a degree (PolynomialFeatures), in scikit-learn's order.
public struct ExpandPolynomial: Stage {
    public static let code: UInt16 = 66
    public static let name = "polynomial"

    public var inputCount: Int
    /// The degrees of the products; a range that begins with 0 or 1 has the columns themselves.
    public var degrees: ClosedRange<Int>
    /// Whether no column is multiplied by itself.
    public var isInteractionOnly: Bool
    /// Whether a column of ones comes first.
    public var hasBias: Bool

    /// Stands for "no column" in a packed product.
    static let one = UInt32.max

    public init(
        inputCount: Int,
        degrees: ClosedRange<Int>,
        isInteractionOnly: Bool,
        hasBias: Bool
    ) {
        self.inputCount = inputCount
        self.degrees = degrees
        self.isInteractionOnly = isInteractionOnly
        self.hasBias = hasBias
    }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        guard inputCount == self.inputCount else {
            throw .invalid("the products are of \(self.inputCount) columns, not \(inputCount)")
        }
        guard degrees.lowerBound >= 0, degrees.upperBound <= ModelLimits.degreeMax else {
            throw .invalid("the degrees \(degrees) are not within 0...\(ModelLimits.degreeMax)")
        }
        var count = hasBias ? 1 : 0
        for degree in products {
            count += combinationCount(degree)
            guard count <= ModelLimits.featureCountMax else {
                throw .invalid(
                    "the products up to degree \(degree) of \(inputCount) columns are more than "
                        + "\(ModelLimits.featureCountMax)"
                )
            }
        }
        _ = try StageCheck.product(count, degrees.upperBound)
        return count
    }

    public func encode(into writer: inout StageWriter) {
        let terms = terms()
        writer.put(UInt32(terms.count))
        writer.put(UInt32(degrees.upperBound))
        for term in terms {
            writer.put(term.map { UInt32($0) })
            let rest = degrees.upperBound - term.count
            writer.put(Array(repeating: Self.one, count: rest))
        }
    }

    /// Each product is computed from its last column to its first, as scikit-learn does.
    public func reference(_ row: [Double]) -> [Double] {
        terms().map { term in term.reversed().reduce(1) { row[$1] * $0 } }
    }

    /// The degrees above 0.
    private var products: Range<Int> {
        let first = max(1, degrees.lowerBound)
        return first..<max(first, degrees.upperBound + 1)
    }

    /// How many products of one degree there are; beyond the limit any larger number.
    private func combinationCount(_ degree: Int) -> Int {
        var count = 1.0
        for index in 0..<degree {
            let from = isInteractionOnly ? inputCount - index : inputCount + index
            count = count * Double(from) / Double(index + 1)
            if count > 1e9 { return 1_000_000_000 }
        }
        return max(0, Int(count.rounded()))
    }

    /// The columns of each product, in order.
    private func terms() -> [[Int]] {
        var result: [[Int]] = hasBias ? [[]] : []
        for degree in products {
            let step = isInteractionOnly ? 1 : 0
            guard step == 0 || degree <= inputCount else { break }
            var term = (0..<degree).map { $0 * step }
            while true {
                result.append(term)
                // The last place that can still grow, given how many places follow it.
                let place = term.indices.last {
                    term[$0] < inputCount - 1 - (degree - 1 - $0) * step
                }
                guard let place else { break }
                let next = term[place] + 1
                for (offset, index) in (place..<degree).enumerated() {
                    term[index] = next + offset * step
                }
            }
        }
        return result
    }

    /// The stage in packed bytes.
    public struct View: StageView {
        public let outputCount: Int
        private let inputCount: Int
        private let degree: Int
        private let terms: UnsafePointer<UInt32>

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            self.inputCount = inputCount
            outputCount = try reader.count(atMost: ModelLimits.featureCountMax, "the products")
            degree = try reader.count(atMost: ModelLimits.degreeMax, "the degree")
            terms = try reader.uint32s(outputCount * degree)
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            for row in 0..<rows.count {
                let input = rows.values + row &* inputCount
                let output = outputs + row &* outputCount
                for index in 0..<outputCount {
                    let term = terms + index &* degree
                    var value = 1.0
                    for place in stride(from: degree &- 1, through: 0, by: -1)
                    where term[place] != ExpandPolynomial.one {
                        value = input[min(Int(term[place]), inputCount &- 1)] * value
                    }
                    output[index] = value
                }
            }
        }
    }
}
