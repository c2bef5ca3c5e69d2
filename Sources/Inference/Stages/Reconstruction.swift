internal import CVector

/// The sum of squares of what orthonormal components leave unexplained (PCA as a detector).
///
/// It equals `|x - inverse_transform(transform(x))|^2`; whitening cancels out of it.
public struct Reconstruction: Stage {
    public static let code: UInt16 = 39
    public static let name = "reconstruction"

    /// May be empty.
    public var mean: [Double]
    /// Shape `[count, columns]`, row-major.
    public var components: [Double]
    public var count: Int

    public init(mean: [Double], components: [Double], count: Int) {
        self.mean = mean
        self.components = components
        self.count = count
    }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        try StageCheck.columns(count, "component count")
        if !mean.isEmpty { try StageCheck.vector(mean, inputCount, "mean") }
        let size = try StageCheck.product(count, inputCount)
        try StageCheck.vector(components, size, "components")
        return 1
    }

    public func encode(into writer: inout StageWriter) {
        writer.put(UInt32(count))
        writer.put(UInt32(mean.isEmpty ? 0 : 1))
        writer.put(mean)
        writer.put(components)
    }

    public func reference(_ row: [Double]) -> [Double] {
        let columns = row.count
        let centered = mean.isEmpty ? row : zip(row, mean).map { $0 - $1 }
        let kept = (0..<count).map { index in
            LinearScratch.dot(centered, components[(index * columns)..<((index + 1) * columns)])
        }
        return [
            (0..<columns).reduce(0.0) { sum, column in
                let explained = LinearScratch.dot(
                    kept,
                    (0..<count).map { components[$0 * columns + column] }
                )
                let rest = centered[column] - explained
                return sum.addingProduct(rest, rest)
            }
        ]
    }

    /// The stage in packed bytes.
    public struct View: StageView {
        public var outputCount: Int { 1 }
        private let native: CVectorReconstruction

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            let count = try reader.count(atMost: ModelLimits.featureCountMax, "component count")
            let hasMean = try reader.count(atMost: 1, "mean") == 1
            let mean = hasMean ? try reader.doubles(inputCount) : nil
            native = CVectorReconstruction(
                components: try reader.doubles(count * inputCount),
                mean: mean,
                columnCount: inputCount,
                componentCount: count
            )
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            LinearScratch.with(native.columnCount + native.componentCount) { scratch in
                _ = withUnsafePointer(to: native) {
                    cvector_reconstruction_as(
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

        public var facts: [ModelFact] { [ModelFact("components", "\(native.componentCount)")] }
    }
}
