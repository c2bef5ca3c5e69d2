/// Rounds columns to 32 bits as an ONNX graph's float input does, then `(x - offset) * scale`.
///
/// The arithmetic is that of the ONNX operator Scaler; empty vectors only round.
public struct FloatColumns: Stage {
    public static let code: UInt16 = 98
    public static let name = "float_columns"

    public var offset: [Float]
    public var scale: [Float]

    public init(offset: [Float] = [], scale: [Float] = []) {
        self.offset = offset
        self.scale = scale
    }

    /// Missing values stay missing.
    public var acceptsMissing: Bool { true }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        if !offset.isEmpty || !scale.isEmpty {
            try StageCheck.vector(offset.map { Double($0) }, inputCount, "offset")
            try StageCheck.vector(scale.map { Double($0) }, inputCount, "scale")
        }
        return inputCount
    }

    public func encode(into writer: inout StageWriter) {
        writer.put(UInt64(offset.isEmpty ? 0 : 1))
        writer.put(offset)
        writer.put(scale)
    }

    public func reference(_ row: [Double]) -> [Double] {
        row.indices.map { column in
            let value = Float(row[column])
            return Double(offset.isEmpty ? value : (value - offset[column]) * scale[column])
        }
    }

    /// The stage in packed bytes.
    public struct View: StageView {
        public let outputCount: Int
        private let offset: UnsafePointer<Float>?
        private let scale: UnsafePointer<Float>?

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            outputCount = inputCount
            let scales = try reader.integer(UInt64.self)
            guard scales <= 1 else { throw reader.corrupt("it scales \(scales) times") }
            offset = scales == 1 ? try reader.floats(inputCount) : nil
            scale = scales == 1 ? try reader.floats(inputCount) : nil
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            for row in 0..<rows.count {
                let input = rows.values + row &* outputCount
                let output = outputs + row &* outputCount
                for column in 0..<outputCount {
                    var value = Float(input[column])
                    if let offset, let scale {
                        value = (value - offset[column]) * scale[column]
                    }
                    output[column] = Double(value)
                }
            }
        }
    }
}
