internal import CVector

/// `components (x - mean)`, each output divided by its scale if given (PCA, whitening).
public struct Project: Stage {
    public static let code: UInt16 = 3
    public static let name = "project"

    /// May be empty.
    public var mean: [Double]
    /// Shape `[outputCount, inputCount]`, row-major.
    public var components: [Double]
    public var outputCount: Int
    /// May be empty.
    public var scale: [Double]

    public init(mean: [Double], components: [Double], outputCount: Int, scale: [Double]) {
        self.mean = mean
        self.components = components
        self.outputCount = outputCount
        self.scale = scale
    }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        try StageCheck.columns(outputCount, "output count")
        if !mean.isEmpty { try StageCheck.vector(mean, inputCount, "mean") }
        let size = try StageCheck.product(outputCount, inputCount)
        try StageCheck.vector(components, size, "components")
        if !scale.isEmpty { try StageCheck.divisor(scale, outputCount, "scale") }
        return outputCount
    }

    public func encode(into writer: inout StageWriter) {
        writer.put(UInt32(outputCount))
        writer.put(UInt32((mean.isEmpty ? 0 : 1) | (scale.isEmpty ? 0 : 2)))
        writer.put(mean)
        writer.put(components)
        writer.put(scale)
    }

    public func reference(_ row: [Double]) -> [Double] {
        let centered = mean.isEmpty ? row : zip(row, mean).map { $0 - $1 }
        return (0..<outputCount).map { output in
            let weights = components[(output * row.count)..<((output + 1) * row.count)]
            let sum = LinearScratch.dot(centered, weights)
            return scale.isEmpty ? sum : sum / scale[output]
        }
    }

    /// The stage in packed bytes.
    public struct View: StageView {
        public var outputCount: Int { native.outputCount }
        private let native: CVectorAffine

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            let count = try reader.count(atMost: ModelLimits.featureCountMax, "output count")
            let flags = try reader.count(atMost: 3, "flags")
            let mean = flags & 1 != 0 ? try reader.doubles(inputCount) : nil
            let components = try reader.doubles(count * inputCount)
            native = CVectorAffine(
                weights: components,
                center: mean,
                bias: nil,
                scale: flags & 2 != 0 ? try reader.doubles(count) : nil,
                columnCount: inputCount,
                outputCount: count,
                factor: 1,
                activation: 0
            )
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            LinearScratch.with(native.columnCount) { scratch in
                _ = withUnsafePointer(to: native) {
                    cvector_affine_as(
                        cvector_best_form(),
                        $0,
                        rows.values,
                        rows.count,
                        scratch,
                        outputs
                    )
                }
            }
        }
    }
}
