/// The quantile of each value among those of training, uniform or normal (QuantileTransformer).
public struct MapQuantiles: Stage {
    public static let code: UInt16 = 67
    public static let name = "quantiles"

    /// What the results follow, and what counts as a bound of the training values.
    public enum Distribution: UInt32, Sendable, CaseIterable {
        case uniform = 0
        case normal = 1
        /// Uniform as scikit-learn computed it before 0.21: cut off and bounded like normal.
        case earlyUniform = 2
    }

    public var distribution: Distribution
    /// The probabilities of the quantiles, ascending.
    public var references: [Double]
    /// Shape `[columns, references.count]`, row-major; each row ascending.
    public var quantiles: [Double]

    public init(distribution: Distribution, references: [Double], quantiles: [Double]) {
        self.distribution = distribution
        self.references = references
        self.quantiles = quantiles
    }

    /// Missing values stay missing.
    public var acceptsMissing: Bool { true }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        guard !references.isEmpty else { throw .invalid("there are no quantiles") }
        try StageCheck.vector(references, references.count, "references")
        let count = try StageCheck.product(inputCount, references.count)
        try StageCheck.vector(quantiles, count, "quantiles")
        return inputCount
    }

    public func encode(into writer: inout StageWriter) {
        writer.put(UInt32(references.count))
        writer.put(distribution.rawValue)
        writer.put(references)
        writer.put(quantiles)
    }

    public func reference(_ row: [Double]) -> [Double] {
        references.withUnsafeBufferPointer { references in
            quantiles.withUnsafeBufferPointer { quantiles in
                guard let first = references.baseAddress, let base = quantiles.baseAddress else {
                    return row
                }
                let count = references.count
                return row.enumerated().map { column, value in
                    Column(quantiles: base + column * count, references: first, count: count)
                        .map(value, distribution)
                }
            }
        }
    }

    /// The quantiles of one column.
    struct Column {
        let quantiles: UnsafePointer<Double>
        let references: UnsafePointer<Double>
        let count: Int

        /// - Source: scikit-learn, preprocessing/_data.py, QuantileTransformer._transform_col.
        func map(_ value: Double, _ distribution: Distribution) -> Double {
            if value.isNaN { return value }
            let (low, high) = (quantiles[0], quantiles[count &- 1])
            let threshold = 1e-7
            let isLow = distribution == .uniform ? value == low : value - threshold < low
            let isHigh = distribution == .uniform ? value == high : value + threshold > high
            // Both directions, since repeated values have several quantiles: the mean of them.
            let up = interpolate(value, { quantiles[$0] }, { references[$0] })
            let down = interpolate(
                -value,
                { -quantiles[count &- 1 &- $0] },
                { -references[count &- 1 &- $0] }
            )
            var result = 0.5 * (up - down)
            if isHigh { result = 1 }
            if isLow { result = 0 }
            switch distribution {
            case .uniform: return result
            case .earlyUniform:
                let smallest = threshold - Double.ulpOfOne
                return min(max(result, smallest), 1 - smallest)
            case .normal:
                let normal = NormalQuantile.value(result)
                return min(max(normal, NormalQuantile.lowest), NormalQuantile.highest)
            }
        }

        /// numpy.interp: the line between the two points around a value.
        @inline(__always)
        private func interpolate(
            _ value: Double,
            _ x: (Int) -> Double,
            _ y: (Int) -> Double
        ) -> Double {
            // The number of points not above the value.
            var low = 0
            var high = count
            while low < high {
                let middle = (low &+ high) / 2
                if value >= x(middle) { low = middle &+ 1 } else { high = middle }
            }
            guard low > 0 else { return y(0) }
            guard low < count else { return y(count &- 1) }
            let (left, right) = (low &- 1, low)
            if x(left) == value { return y(left) }
            let slope = (y(right) - y(left)) / (x(right) - x(left))
            return slope * (value - x(left)) + y(left)
        }
    }

    /// The stage in packed bytes.
    public struct View: StageView {
        public let outputCount: Int
        private let distribution: Distribution
        private let count: Int
        private let references: UnsafePointer<Double>
        private let quantiles: UnsafePointer<Double>

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            outputCount = inputCount
            count = Int(try reader.integer(UInt32.self))
            let kind = try reader.integer(UInt32.self)
            guard count > 0, let distribution = Distribution(rawValue: kind) else {
                throw reader.corrupt("it has \(count) quantiles of distribution \(kind)")
            }
            self.distribution = distribution
            references = try reader.doubles(count)
            quantiles = try reader.doubles(count * inputCount)
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            for column in 0..<outputCount {
                let map = Column(
                    quantiles: quantiles + column &* count,
                    references: references,
                    count: count
                )
                for row in 0..<rows.count {
                    let index = row &* outputCount &+ column
                    outputs[index] = map.map(rows.values[index], distribution)
                }
            }
        }

        public var facts: [ModelFact] { [ModelFact("quantiles", "\(count)")] }
    }
}
