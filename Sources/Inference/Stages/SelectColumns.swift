/// Some of the columns, in a given order (VarianceThreshold).
public struct SelectColumns: Stage {
    public static let code: UInt16 = 70
    public static let name = "select_columns"

    public var columns: [Int]

    public init(columns: [Int]) {
        self.columns = columns
    }

    /// Missing values stay missing.
    public var acceptsMissing: Bool { true }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        try StageCheck.indexes(columns, below: inputCount, "column")
        return columns.count
    }

    public func encode(into writer: inout StageWriter) {
        writer.put(UInt32(columns.count))
        writer.put(columns.map { UInt32($0) })
    }

    public func reference(_ row: [Double]) -> [Double] {
        columns.map { row[$0] }
    }

    /// The stage in packed bytes.
    public struct View: StageView {
        public let outputCount: Int
        private let inputCount: Int
        private let columns: UnsafePointer<UInt32>

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            self.inputCount = inputCount
            outputCount = try reader.count(atMost: ModelLimits.featureCountMax, "columns")
            columns = try reader.uint32s(outputCount)
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            for row in 0..<rows.count {
                let input = rows.values + row &* inputCount
                let output = outputs + row &* outputCount
                for index in 0..<outputCount {
                    output[index] = input[min(Int(columns[index]), inputCount &- 1)]
                }
            }
        }
    }
}
