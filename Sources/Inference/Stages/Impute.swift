/// Puts a column's fill value where a value is missing, and says where that was (SimpleImputer).
///
/// The result is the kept columns, filled, and then one column of 0 and 1 for each indicator.
public struct Impute: Stage {
    public static let code: UInt16 = 64
    public static let name = "impute"

    /// Which value is missing: NaN or a number.
    public var marker: Double
    /// Whether rows with NaN may come where the marker is a number.
    public var takesNaN: Bool
    /// The columns that stay, and what each is filled with.
    public var kept: [Int]
    public var fill: [Double]
    /// The columns whose missing values are shown.
    public var indicators: [Int]

    public init(
        marker: Double,
        takesNaN: Bool = false,
        kept: [Int],
        fill: [Double],
        indicators: [Int] = []
    ) {
        self.marker = marker
        self.takesNaN = takesNaN
        self.kept = kept
        self.fill = fill
        self.indicators = indicators
    }

    public var acceptsMissing: Bool { marker.isNaN || takesNaN }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        try StageCheck.vector(fill, kept.count, "fill")
        try StageCheck.indexes(kept, below: inputCount, "kept column")
        try StageCheck.indexes(indicators, below: inputCount, "indicator column")
        return kept.count + indicators.count
    }

    public func encode(into writer: inout StageWriter) {
        writer.put(UInt32(kept.count))
        writer.put(UInt32(indicators.count))
        writer.put(marker)
        writer.put(fill)
        writer.put(kept.map { UInt32($0) })
        writer.put(indicators.map { UInt32($0) })
    }

    public func reference(_ row: [Double]) -> [Double] {
        let isMissing = row.map { marker.isNaN ? $0.isNaN : $0 == marker }
        return zip(kept, fill).map { isMissing[$0] ? $1 : row[$0] }
            + indicators.map { isMissing[$0] ? 1 : 0 }
    }

    /// The stage in packed bytes.
    public struct View: StageView {
        public let outputCount: Int
        private let inputCount: Int
        private let keptCount: Int
        private let marker: Double
        private let fill: UnsafePointer<Double>
        /// The kept columns, then those of the indicators.
        private let columns: UnsafePointer<UInt32>

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            self.inputCount = inputCount
            keptCount = try reader.count(atMost: ModelLimits.featureCountMax, "kept columns")
            let indicators = try reader.count(atMost: ModelLimits.featureCountMax, "indicators")
            outputCount = keptCount + indicators
            marker = try reader.double()
            fill = try reader.doubles(keptCount)
            columns = try reader.uint32s(outputCount)
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            for row in 0..<rows.count {
                let input = rows.values + row &* inputCount
                let output = outputs + row &* outputCount
                for index in 0..<outputCount {
                    // The index comes from a file: the bound keeps a damaged one inside the row.
                    let value = input[min(Int(columns[index]), inputCount &- 1)]
                    let isMissing = marker.isNaN ? value.isNaN : value == marker
                    if index < keptCount {
                        output[index] = isMissing ? fill[index] : value
                    } else {
                        output[index] = isMissing ? 1 : 0
                    }
                }
            }
        }
    }
}
