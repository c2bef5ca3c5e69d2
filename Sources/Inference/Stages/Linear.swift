internal import CVector

/// `factor * activation(weights x + bias)`: linear models, layers of networks, random features.
///
/// Every output is summed from column 0 on with fused multiply-adds, as OpenBLAS's matrix product
/// does, and only then gets its bias.
public struct Linear: Stage {
    public static let code: UInt16 = 32
    public static let name = "linear"

    /// Shape `[outputCount, inputCount]`, row-major.
    public var weights: [Double]
    public var outputCount: Int
    /// May be empty.
    public var bias: [Double]
    public var activation: LinearActivation
    public var factor: Double

    public init(
        weights: [Double],
        outputCount: Int,
        bias: [Double],
        activation: LinearActivation = .identity,
        factor: Double = 1
    ) {
        self.weights = weights
        self.outputCount = outputCount
        self.bias = bias
        self.activation = activation
        self.factor = factor
    }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        try StageCheck.columns(outputCount, "output count")
        let size = try StageCheck.product(outputCount, inputCount)
        try StageCheck.vector(weights, size, "weights")
        if !bias.isEmpty { try StageCheck.vector(bias, outputCount, "bias") }
        try StageCheck.finite(factor, "factor")
        return outputCount
    }

    public func encode(into writer: inout StageWriter) {
        writer.put(UInt32(outputCount))
        writer.put(UInt16(bias.isEmpty ? 0 : 1))
        writer.put(UInt16(activation.rawValue))
        writer.put(factor)
        writer.put(bias)
        writer.put(weights)
    }

    public func reference(_ row: [Double]) -> [Double] {
        (0..<outputCount).map { output in
            let own = weights[(output * row.count)..<((output + 1) * row.count)]
            let sum = LinearScratch.dot(row, own)
            return activation.reference(bias.isEmpty ? sum : sum + bias[output]) * factor
        }
    }

    /// The stage in packed bytes.
    public struct View: StageView {
        public var outputCount: Int { native.outputCount }
        let native: CVectorAffine

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            let count = try reader.count(atMost: ModelLimits.featureCountMax, "output count")
            let hasBias = try reader.integer(UInt16.self)
            let kind = try reader.integer(UInt16.self)
            guard hasBias <= 1, kind < 256, LinearActivation(rawValue: UInt8(kind)) != nil else {
                throw reader.corrupt("bias \(hasBias) or activation \(kind) is not known")
            }
            let factor = try reader.finite("factor")
            let bias = hasBias == 1 ? try reader.doubles(count) : nil
            native = CVectorAffine(
                weights: try reader.doubles(count * inputCount),
                center: nil,
                bias: bias,
                scale: nil,
                columnCount: inputCount,
                outputCount: count,
                factor: factor,
                activation: UInt32(kind)
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

        public var facts: [ModelFact] {
            guard native.outputCount == 1, native.activation == 0 else { return [] }
            return native.bias.map { [ModelFact("intercept", "\($0[0])")] } ?? []
        }
    }
}
