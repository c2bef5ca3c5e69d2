/// What the standard lets operators do to a row of scores at the end.
enum MLTransform: String, CaseIterable {
    case none = "NONE"
    case softmax = "SOFTMAX"
    case logistic = "LOGISTIC"
    case softmaxZero = "SOFTMAX_ZERO"
    case probit = "PROBIT"

    /// The transform a node asks for.
    ///
    /// - Throws: `GraphError` for a name the standard does not have.
    init(_ call: OperatorCall) throws(GraphError) {
        let name = try call.string("post_transform") ?? "NONE"
        guard let transform = MLTransform(rawValue: name) else {
            throw GraphError(.invalid, "attribute post_transform is '\(name)'")
        }
        self = transform
    }

    /// Transforms one row in place.
    func apply(_ row: UnsafeMutablePointer<Double>, _ count: Int) {
        switch self {
        case .none: break
        case .logistic: for index in 0..<count { row[index] = row[index].logistic() }
        case .probit: for index in 0..<count { row[index] = Self.probit(row[index]) }
        case .softmax: Self.softmax(row, count, keepsZero: false)
        case .softmaxZero: Self.softmax(row, count, keepsZero: true)
        }
    }

    func apply(_ row: inout [Double]) {
        row.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            apply(base, buffer.count)
        }
    }

    /// - Source: onnx.reference, _common_classifier.py, softmax and compute_softmax_zero.
    private static func softmax(
        _ row: UnsafeMutablePointer<Double>,
        _ count: Int,
        keepsZero: Bool
    ) {
        guard count > 0 else { return }
        var largest = row[0]
        for index in 1..<max(1, count) where row[index] > largest { largest = row[index] }
        let factor = (-largest).exponential()
        var sum = 0.0
        for index in 0..<count {
            let isZero = keepsZero && row[index].magnitude <= 1e-7
            row[index] = isZero ? row[index] * factor : (row[index] - largest).exponential()
            sum += row[index]
        }
        for index in 0..<count { row[index] = keepsZero && sum == 0 ? 0.5 : row[index] / sum }
    }

    /// - Source: onnx.reference, _common_classifier.py, compute_probit.
    private static func probit(_ value: Double) -> Double {
        let x = 2 * value - 1
        let product = (1 - x) * (1 + x)
        guard product != 0 else { return 0 }
        let log = product.naturalLogarithm()
        let half = 2 / (Double.pi * 0.147) + 0.5 * log
        let root = (half * half - log / 0.147).squareRoot() - half
        return (x < 0 ? -1.41421356 : 1.41421356) * root.squareRoot()
    }
}
