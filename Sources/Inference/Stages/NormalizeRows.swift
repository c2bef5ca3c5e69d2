/// Each row divided by its norm (Normalizer).
public struct NormalizeRows: Stage {
    public static let code: UInt16 = 65
    public static let name = "normalize"

    /// How long a row is.
    public enum Norm: UInt32, Sendable, CaseIterable {
        /// The sum of the absolute values.
        case sum = 1
        /// The root of the sum of the squares.
        case euclidean = 2
        /// The largest absolute value.
        case maximum = 3
    }

    public var norm: Norm
    /// Rows whose norm is below it are not divided; 0 leaves out only the rows of zeros.
    public var smallest: Double

    public init(norm: Norm, smallest: Double) {
        self.norm = norm
        self.smallest = smallest
    }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        guard smallest.isFinite, smallest >= 0 else {
            throw .invalid("the smallest norm is \(smallest)")
        }
        return inputCount
    }

    public func encode(into writer: inout StageWriter) {
        writer.put(UInt64(norm.rawValue))
        writer.put(smallest)
    }

    public func reference(_ row: [Double]) -> [Double] {
        let length =
            switch norm {
            case .sum: row.reduce(0) { $0 + abs($1) }
            case .euclidean: row.reduce(0) { $0 + $1 * $1 }.squareRoot()
            case .maximum: row.reduce(0) { max($0, abs($1)) }
            }
        return length == 0 || length < smallest ? row : row.map { $0 / length }
    }

    /// The stage in packed bytes.
    public struct View: StageView {
        public let outputCount: Int
        private let norm: Norm
        private let smallest: Double

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            outputCount = inputCount
            let kind = try reader.integer(UInt64.self)
            guard let norm = UInt32(exactly: kind).flatMap({ Norm(rawValue: $0) }) else {
                throw reader.corrupt("there is no norm \(kind)")
            }
            self.norm = norm
            smallest = try reader.finite("the smallest norm")
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            for row in 0..<rows.count {
                let input = rows.values + row &* outputCount
                let output = outputs + row &* outputCount
                var length = length(input)
                if length == 0 || length < smallest { length = 1 }
                for column in 0..<outputCount { output[column] = input[column] / length }
            }
        }

        private func length(_ row: UnsafePointer<Double>) -> Double {
            var result = 0.0
            switch norm {
            case .sum: for column in 0..<outputCount { result += abs(row[column]) }
            case .euclidean:
                for column in 0..<outputCount { result += row[column] * row[column] }
                result = result.squareRoot()
            case .maximum:
                for column in 0..<outputCount { result = max(result, abs(row[column])) }
            }
            return result
        }
    }
}
