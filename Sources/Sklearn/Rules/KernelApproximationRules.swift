internal import Inference

/// Nystroem's map: kernels with sampled rows, times the normalization.
enum NystroemRule: EstimatorRule {
    static let package: StaticString = "sklearn.kernel_approximation"
    static let classNames: [StaticString] = ["Nystroem"]
    static let role = EstimatorRole.transformer

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        var (vectors, count, columns) = try estimator.requiredMatrix("components_")
        try model.take(columns, estimator)
        let (normalization, rows, own) = try estimator.requiredMatrix("normalization_")
        guard rows == count, own == count else {
            throw .malformed(
                "normalization_ of \(estimator.label) is \(rows) x \(own) for \(count) components"
            )
        }
        try model.charge(vectors.count + normalization.count, estimator)
        let kernel = try kernel(estimator)
        if kernel == .cosine { normalize(&vectors, columns: columns) }
        let degree = try estimator.number("degree") ?? 3
        guard let degree = Int32(exactly: degree), degree >= 0 else {
            throw .unsupported(
                "degree \(degree) of \(estimator.label) is not a whole number; supported: 0, 1, ..."
            )
        }
        model.append(
            KernelMap(
                kernel: kernel,
                gamma: try estimator.number("gamma") ?? 1 / Double(columns),
                coef0: try estimator.number("coef0") ?? 1,
                degree: Int(degree),
                vectors: vectors,
                outputCount: count
            ),
            columns: count
        )
        model.append(
            Linear(weights: normalization, outputCount: count, bias: []),
            columns: count
        )
    }

    private static func kernel(
        _ estimator: EstimatorAttributes
    ) throws(SklearnError) -> PairwiseKernel {
        let supported = "supported: rbf, linear, poly, sigmoid, laplacian, cosine"
        if let parameters = estimator.find("kernel_params") {
            guard case .none = estimator.arena[parameters] else {
                throw .unsupported("\(estimator.label) has kernel_params; use gamma, coef0, degree")
            }
        }
        guard let name = estimator.text("kernel") else {
            throw .unsupported("\(estimator.label) has a kernel that is a function; \(supported)")
        }
        switch name {
        case "rbf": return .rbf
        case "linear": return .linear
        case "poly", "polynomial": return .polynomial
        case "sigmoid": return .sigmoid
        case "laplacian": return .laplacian
        case "cosine": return .cosine
        default:
            throw .unsupported("\(estimator.label) has the kernel \"\(name)\"; \(supported)")
        }
    }

    private static func normalize(_ vectors: inout [Double], columns: Int) {
        for start in stride(from: 0, to: vectors.count, by: columns) {
            let range = start..<(start + columns)
            let norm = vectors[range].reduce(0) { $0 + $1 * $1 }.squareRoot()
            guard norm > 0 else { continue }
            for index in range { vectors[index] /= norm }
        }
    }
}

/// Random Fourier features: `sqrt(2 / n) cos(random_weights_ x + random_offset_)`.
enum RandomFourierRule: EstimatorRule {
    static let package: StaticString = "sklearn.kernel_approximation"
    static let classNames: [StaticString] = ["RBFSampler"]
    static let role = EstimatorRole.transformer

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        let (weights, columns, count) = try estimator.requiredMatrix("random_weights_")
        try model.take(columns, estimator)
        let offsets = try estimator.requiredVector("random_offset_", count)
        try model.charge(weights.count + offsets.count, estimator)
        let turned = (0..<count).flatMap { output in
            (0..<columns).map { weights[$0 * count + output] }
        }
        model.append(
            Linear(
                weights: turned,
                outputCount: count,
                bias: offsets,
                activation: .cosine,
                factor: (2 / Double(count)).squareRoot()
            ),
            columns: count
        )
    }
}
