internal import Inference

/// The edges of the bins of each column.
enum KBinsDiscretizerRule: EstimatorRule {
    static let package: StaticString = "sklearn.preprocessing"
    static let classNames: [StaticString] = ["KBinsDiscretizer"]
    static let role = EstimatorRole.transformer

    /// - Source: scikit-learn, preprocessing/_discretization.py, KBinsDiscretizer.transform.
    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try estimator.requireFitted("bin_edges_")
        guard let value = estimator.find("bin_edges_") else {
            throw .malformed("\(estimator.label) has no bin_edges_")
        }
        let arrays = try estimator.objects(value, atMost: estimator.arena.limits.nameCount)
        try model.take(arrays.count, estimator)
        var edges: [[Double]] = []
        for (column, array) in arrays.enumerated() {
            guard let all = try estimator.anyNumbers(array, "bin_edges_"), all.count >= 2,
                all.allSatisfy(\.isFinite)
            else {
                throw .malformed("bin_edges_[\(column)] of \(estimator.label) are no edges")
            }
            edges.append(Array(all[1..<(all.count - 1)]))
            try model.charge(all.count, estimator)
        }
        let isOneHot = try estimator.choice(
            "encode",
            [("onehot", true), ("onehot-dense", true), ("ordinal", false)]
        )
        let isEarly = estimator.version < SklearnVersion(major: 1, minor: 1)
        let stage = Discretize(
            edges: edges,
            isOneHot: isOneHot,
            nudge: isEarly ? (1e-8, 1e-5) : (0, 0)
        )
        let count = isOneHot ? edges.reduce(0) { $0 + $1.count + 1 } : edges.count
        model.append(stage, columns: count)
    }

}
