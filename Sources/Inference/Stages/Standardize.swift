/// `(x - center) / scale` (StandardScaler, RobustScaler); an empty vector leaves that part out.
public struct Standardize: Stage {
    public static let code: UInt16 = 1
    public static let name = "standardize"

    public var center: [Double]
    public var scale: [Double]

    public init(center: [Double], scale: [Double]) {
        self.center = center
        self.scale = scale
    }

    /// Missing values stay missing.
    public var acceptsMissing: Bool { true }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        if !center.isEmpty { try StageCheck.vector(center, inputCount, "center") }
        if !scale.isEmpty { try StageCheck.divisor(scale, inputCount, "scale") }
        return inputCount
    }

    public func encode(into writer: inout StageWriter) {
        writer.put(UInt32(center.isEmpty ? 0 : 1))
        writer.put(UInt32(scale.isEmpty ? 0 : 1))
        writer.put(center)
        writer.put(scale)
    }

    public func reference(_ row: [Double]) -> [Double] {
        let centered = center.isEmpty ? row : zip(row, center).map { $0 - $1 }
        return scale.isEmpty ? centered : zip(centered, scale).map { $0 / $1 }
    }

    /// The stage in packed bytes.
    public struct View: StageView {
        public let outputCount: Int
        private let center: UnsafePointer<Double>?
        private let scale: UnsafePointer<Double>?

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            outputCount = inputCount
            let hasCenter = try reader.count(atMost: 1, "center") == 1
            let hasScale = try reader.count(atMost: 1, "scale") == 1
            center = hasCenter ? try reader.doubles(inputCount) : nil
            scale = hasScale ? try reader.doubles(inputCount) : nil
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            for row in 0..<rows.count {
                let input = rows.values + row &* outputCount
                let output = outputs + row &* outputCount
                for column in 0..<outputCount {
                    var value = input[column]
                    if let center { value -= center[column] }
                    if let scale { value /= scale[column] }
                    output[column] = value
                }
            }
        }
    }
}
