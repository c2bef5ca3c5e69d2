internal import Inference

/// What neighbour models share: their training rows, how these are searched, and the distance.
enum TrainingData {
    /// The training rows in the order of a search, and the row that each of them was.
    static func read(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) -> (points: TrainingPoints, order: [Int]) {
        let metric = try metric(
            estimator,
            "effective_metric_",
            parameters: "effective_metric_params_"
        )
        if let value = estimator.find("_fit_X"),
            case .object(let type, _, _) = estimator.arena[value],
            case .global(.sparseMatrix, _) = estimator.arena[type]
        {
            throw .unsupported(
                "\(estimator.label) was fitted on a sparse matrix; fit it on a dense array"
            )
        }
        guard let (values, shape) = try estimator.matrix("_fit_X"), shape.rank == 2,
            shape.rows > 0
        else { throw .malformed("\(estimator.label) has no training rows in _fit_X") }
        try model.take(shape.columns, estimator)
        try model.charge(values.count, estimator)
        var points = TrainingPoints(
            metric: metric,
            columnCount: shape.columns,
            values: values
        )
        let rows = Array(0..<shape.rows)
        guard estimator.text("_fit_method") == "kd_tree",
            let tree = try TreeState(estimator, "_tree"),
            let (order, nodes) = try tree.nodes(rows: shape.rows, columns: shape.columns)
        else { return (points, rows) }
        try model.charge(nodes.lower.count * 2 + nodes.starts.count * 3, estimator)
        points.tree = nodes
        points.values = order.flatMap {
            values[$0 * shape.columns..<($0 + 1) * shape.columns]
        }
        do {
            _ = try KernelDensity(points: points, kernel: .gaussian, bandwidth: 1)
                .outputCount(inputCount: shape.columns)
        } catch {
            throw .malformed("_tree of \(estimator.label): \(error.message)")
        }
        return (points, order)
    }

    /// A number of neighbours that exist.
    static func neighbours(
        _ estimator: EstimatorAttributes,
        _ name: StaticString,
        of rows: Int
    ) throws(SklearnError) -> Int {
        guard let count = try estimator.count(name), count >= 1, count <= rows else {
            throw .malformed(
                "\(name) of \(estimator.label) is not a count of its \(rows) training rows"
            )
        }
        return count
    }

    /// The distance, by scikit-learn's names for it.
    static func metric(
        _ estimator: EstimatorAttributes,
        _ name: StaticString,
        parameters: StaticString
    ) throws(SklearnError) -> DistanceMetric {
        let kind: DistanceMetric.Kind = try estimator.choice(
            name,
            absent: .euclidean,
            [
                ("euclidean", .euclidean), ("l2", .euclidean), ("manhattan", .manhattan),
                ("l1", .manhattan), ("cityblock", .manhattan), ("chebyshev", .chebyshev),
                ("infinity", .chebyshev), ("minkowski", .minkowski), ("p", .minkowski),
            ]
        )
        let arena = estimator.arena
        var power = 2.0
        if let value = estimator.find(parameters), case .dict(let chain) = arena[value],
            chain.count <= 64
        {
            if let weights = arena.lookUp("w", in: chain) {
                guard case .none = arena[weights] else {
                    throw .unsupported(
                        "\(estimator.label) weighs the columns of its distance (w); "
                            + "supported: no weights"
                    )
                }
            }
            if let p = arena.lookUp("p", in: chain), let number = arena.number(p) {
                power = number
            }
        }
        guard kind == .minkowski else { return DistanceMetric(kind) }
        switch power {
        case 1: return DistanceMetric(.manhattan)
        case 2: return .euclidean
        case .infinity: return DistanceMetric(.chebyshev)
        default: break
        }
        guard power > 0, power.isFinite else {
            throw .malformed("the p of the distance of \(estimator.label) is \(power)")
        }
        return DistanceMetric(.minkowski, power: power)
    }
}
