internal import Inference

/// K-means: the distance to the nearest centre, or, before the last step, to all of them.
enum KMeansRule: EstimatorRule {
    static let package: StaticString = "sklearn.cluster"
    static let classNames: [StaticString] = ["KMeans", "MiniBatchKMeans", "BisectingKMeans"]
    static let role = EstimatorRole.either

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        let (centers, count, columns) = try estimator.requiredMatrix("cluster_centers_")
        try model.take(columns, estimator)
        try model.charge(centers.count + count, estimator)
        guard model.isLastStep else {
            model.append(
                Centroids(centers: centers, count: count, isNearestOnly: false),
                columns: count
            )
            return
        }
        guard estimator.step.className != "BisectingKMeans" else {
            throw .unsupported(
                "\(estimator.label) labels rows by its tree of splits; as the last step use KMeans "
                    + "or MiniBatchKMeans"
            )
        }
        model.append(Centroids(centers: centers, count: count, isNearestOnly: true), columns: 2)
        model.finish(
            estimator.typeName,
            ModelHead(label: .index(column: 1), labels: (0..<count).map { "\($0)" })
        )
    }
}
