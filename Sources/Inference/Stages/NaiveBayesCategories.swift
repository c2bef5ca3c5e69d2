/// Sums of log probabilities, one a class, that the categories of the columns select.
///
/// A value is a category's index, cut to a whole number; a row with an index that training did
/// not see fails, as scikit-learn refuses it.
public struct NaiveBayesCategories: Stage {
    public static let code: UInt16 = 41
    public static let name = "categories"

    /// Categories of each column.
    public var categoryCounts: [Int]
    public var classCount: Int
    /// For each column `[classes, categories]`, one after another.
    public var tables: [Double]
    /// One a class, added last.
    public var prior: [Double]

    public init(categoryCounts: [Int], classCount: Int, tables: [Double], prior: [Double]) {
        self.categoryCounts = categoryCounts
        self.classCount = classCount
        self.tables = tables
        self.prior = prior
    }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        try StageCheck.columns(classCount, "class count")
        guard categoryCounts.count == inputCount else {
            throw .invalid("\(categoryCounts.count) tables for \(inputCount) columns")
        }
        var total = 0
        for count in categoryCounts {
            guard (1...ModelLimits.featureCountMax).contains(count) else {
                throw .invalid("a column has \(count) categories")
            }
            total += count
        }
        let size = try StageCheck.product(total, classCount)
        try StageCheck.vector(tables, size, "log probabilities")
        try StageCheck.vector(prior, classCount, "priors")
        return classCount
    }

    public func encode(into writer: inout StageWriter) {
        writer.put(UInt32(classCount))
        writer.put(UInt32(0))
        writer.put(prior)
        var start = 0
        for count in categoryCounts {
            writer.put(UInt32(start))
            writer.put(UInt32(count))
            start += count
        }
        writer.put(tables)
    }

    public func reference(_ row: [Double]) -> [Double] {
        var sums = Array(repeating: 0.0, count: classCount)
        var start = 0
        for (column, count) in categoryCounts.enumerated() {
            guard row[column] > -1, row[column] < Double(count) else {
                return Array(repeating: .nan, count: classCount)
            }
            for index in 0..<classCount {
                sums[index] += tables[start + index * count + Int(row[column])]
            }
            start += classCount * count
        }
        return zip(sums, prior).map { $0 + $1 }
    }

    /// The stage in packed bytes.
    public struct View: StageView {
        public let outputCount: Int
        private let columns: Int
        private let prior: UnsafePointer<Double>
        /// Where a column's categories start and how many there are.
        private let ranges: UnsafePointer<UInt32>
        private let tables: UnsafePointer<Double>

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            columns = inputCount
            outputCount = try reader.count(atMost: ModelLimits.featureCountMax, "class count")
            _ = try reader.count(atMost: 0, "reserved number")
            prior = try reader.doubles(outputCount)
            ranges = try reader.uint32s(2 * inputCount)
            guard reader.remaining % 8 == 0, outputCount > 0 else {
                throw reader.corrupt("the tables are not whole")
            }
            var total = 0
            for column in 0..<inputCount {
                guard ranges[2 * column] == total, ranges[2 * column + 1] > 0 else {
                    throw reader.corrupt("the tables do not follow each other")
                }
                total += Int(ranges[2 * column + 1])
                guard total <= reader.remaining / 8 else {
                    throw reader.corrupt("the tables are not whole")
                }
            }
            tables = try reader.doubles(total * outputCount)
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            for row in 0..<rows.count {
                let input = rows.values + row &* columns
                let output = outputs + row &* outputCount
                output.update(repeating: 0, count: outputCount)
                for column in 0..<columns {
                    let value = input[column]
                    let count = Int(ranges[2 &* column &+ 1])
                    guard value > -1, value < Double(count) else {
                        rows.failed[row] = 1
                        break
                    }
                    let start = Int(ranges[2 &* column]) &* outputCount &+ Int(value)
                    for index in 0..<outputCount {
                        output[index] += tables[start &+ index &* count]
                    }
                }
                for index in 0..<outputCount { output[index] += prior[index] }
            }
        }
    }
}
