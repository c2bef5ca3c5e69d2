/// `x * scale + offset`, then clipped to a range if given (MinMaxScaler).
public struct Rescale: Stage {
    public static let code: UInt16 = 2
    public static let name = "rescale"

    public var scale: [Double]
    public var offset: [Double]
    public var clip: ClosedRange<Double>?

    public init(scale: [Double], offset: [Double], clip: ClosedRange<Double>? = nil) {
        self.scale = scale
        self.offset = offset
        self.clip = clip
    }

    /// Missing values stay missing.
    public var acceptsMissing: Bool { true }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        try StageCheck.vector(scale, inputCount, "scale")
        try StageCheck.vector(offset, inputCount, "offset")
        if let clip { try StageCheck.vector([clip.lowerBound, clip.upperBound], 2, "clip") }
        return inputCount
    }

    public func encode(into writer: inout StageWriter) {
        writer.put(UInt64(clip == nil ? 0 : 1))
        writer.put(clip.map { [$0.lowerBound, $0.upperBound] } ?? [0, 0])
        writer.put(scale)
        writer.put(offset)
    }

    public func reference(_ row: [Double]) -> [Double] {
        let scaled = zip(zip(row, scale).map { $0 * $1 }, offset).map { $0 + $1 }
        guard let clip else { return scaled }
        return scaled.map {
            $0 < clip.lowerBound ? clip.lowerBound : ($0 > clip.upperBound ? clip.upperBound : $0)
        }
    }

    /// The stage in packed bytes.
    public struct View: StageView {
        public let outputCount: Int
        private let isClipped: Bool
        private let bounds: UnsafePointer<Double>
        private let scale: UnsafePointer<Double>
        private let offset: UnsafePointer<Double>

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            outputCount = inputCount
            let flag = try reader.integer(UInt64.self)
            guard flag <= 1 else { throw reader.corrupt("the clip flag is \(flag)") }
            isClipped = flag == 1
            bounds = try reader.doubles(2)
            scale = try reader.doubles(inputCount)
            offset = try reader.doubles(inputCount)
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            let (low, high) = (bounds[0], bounds[1])
            for row in 0..<rows.count {
                let input = rows.values + row &* outputCount
                let output = outputs + row &* outputCount
                for column in 0..<outputCount {
                    var value = input[column] * scale[column] + offset[column]
                    if isClipped {
                        value = value < low ? low : value
                        value = value > high ? high : value
                    }
                    output[column] = value
                }
            }
        }
    }
}
