/// 1 above a threshold, else 0 (Binarizer, and the binarizing of BernoulliNB).
public struct Binarize: Stage {
    public static let code: UInt16 = 72
    public static let name = "binarize"

    public var threshold: Double

    public init(threshold: Double) {
        self.threshold = threshold
    }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        try StageCheck.finite(threshold, "threshold")
        return inputCount
    }

    public func encode(into writer: inout StageWriter) {
        writer.put(threshold)
    }

    public func reference(_ row: [Double]) -> [Double] {
        row.map { $0 > threshold ? 1 : 0 }
    }

    /// The stage in packed bytes.
    public struct View: StageView {
        public let outputCount: Int
        private let threshold: Double

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            outputCount = inputCount
            threshold = try reader.finite("threshold")
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            for index in 0..<rows.count &* outputCount {
                outputs[index] = rows.values[index] > threshold ? 1 : 0
            }
        }
    }
}
