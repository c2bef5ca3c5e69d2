internal import Inference

/// The logarithm of a density of kernels around the training rows.
enum KernelDensityRule: EstimatorRule {
    static let package: StaticString = "sklearn.neighbors"
    static let classNames: [StaticString] = ["KernelDensity"]
    static let role = EstimatorRole.final

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try estimator.requireFitted("tree_")
        guard let tree = try TreeState(estimator, "tree_"),
            let (values, shape) = try tree.matrix(0), shape.rank == 2, shape.columns > 0
        else { throw .malformed("tree_ of \(estimator.label) holds no training rows") }
        try model.take(shape.columns, estimator)
        try model.charge(values.count, estimator)
        let weights = try tree.matrix(12)?.values ?? []
        guard weights.isEmpty || weights.count == shape.rows else {
            throw .malformed(
                "\(estimator.label) has \(weights.count) weights for \(shape.rows) training rows"
            )
        }
        try model.charge(weights.count, estimator)
        let stage = KernelDensity(
            points: TrainingPoints(
                metric: try TrainingData.metric(estimator, "metric", parameters: "metric_params"),
                columnCount: shape.columns,
                values: values
            ),
            kernel: try kernel(estimator),
            bandwidth: try bandwidth(estimator),
            weights: weights
        )
        do {
            _ = try stage.outputCount(inputCount: shape.columns)
        } catch {
            throw .unsupported("\(estimator.label): \(error.message)")
        }
        model.append(stage, columns: 1)
        model.finish("kernel_density", ModelHead())
    }

    private static func kernel(
        _ estimator: EstimatorAttributes
    ) throws(SklearnError) -> KernelDensity.Kernel {
        try estimator.choice(
            "kernel",
            absent: .gaussian,
            KernelDensity.Kernel.allCases.map { ("\($0)", $0) }
        )
    }

    /// The number behind "scott" and "silverman" is in `bandwidth_`.
    private static func bandwidth(
        _ estimator: EstimatorAttributes
    ) throws(SklearnError) -> Double {
        if let bandwidth = try estimator.number("bandwidth_") { return bandwidth }
        guard let value = estimator.find("bandwidth"), estimator.arena.textSlice(value) == nil,
            let bandwidth = try estimator.number("bandwidth")
        else { throw .malformed("\(estimator.label) has no numeric bandwidth") }
        return bandwidth
    }
}
