internal import CVector

/// `-d^2 - offset` with d the Mahalanobis distance to a location (EllipticEnvelope).
///
/// In the order of scipy's `cdist`, without fused operations and with its square root, so that
/// rows of the training data that lie on the threshold get scikit-learn's own zero.
public struct MahalanobisDistance: Stage {
    public static let code: UInt16 = 35
    public static let name = "mahalanobis"

    public var location: [Double]
    /// Shape `[columns, columns]`, row-major.
    public var precision: [Double]
    public var offset: Double

    public init(location: [Double], precision: [Double], offset: Double) {
        self.location = location
        self.precision = precision
        self.offset = offset
    }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        try StageCheck.vector(location, inputCount, "location")
        let size = try StageCheck.product(inputCount, inputCount)
        try StageCheck.vector(precision, size, "precision")
        try StageCheck.finite(offset, "offset")
        return 1
    }

    public func encode(into writer: inout StageWriter) {
        writer.put(offset)
        writer.put(location)
        writer.put(precision)
    }

    public func reference(_ row: [Double]) -> [Double] {
        let difference = zip(row, location).map { $0 - $1 }
        var sum = 0.0
        for (index, value) in difference.enumerated() {
            let part = precision[(index * row.count)..<((index + 1) * row.count)]
            sum += value * zip(difference, part).reduce(0.0) { $0 + $1.0 * $1.1 }
        }
        let distance = sum.squareRoot()
        return [-(distance * distance) - offset]
    }

    /// The stage in packed bytes.
    public struct View: StageView {
        public var outputCount: Int { 1 }
        private let native: CVectorMahalanobis

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            let offset = try reader.finite("offset")
            let location = try reader.doubles(inputCount)
            native = CVectorMahalanobis(
                location: location,
                precision: try reader.doubles(inputCount * inputCount),
                columnCount: inputCount,
                offset: offset
            )
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            LinearScratch.with(native.columnCount) { scratch in
                _ = withUnsafePointer(to: native) {
                    cvector_mahalanobis_as(
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

        public var facts: [ModelFact] { [ModelFact("offset", "\(native.offset)")] }
    }
}
