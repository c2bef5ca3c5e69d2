internal import Inference

/// `components_ (x - mean_)`, divided by the standard deviations when it whitens.
///
/// As the last step it is a detector: the score is the reconstruction error, the sum of squares of
/// `x - inverse_transform(transform(x))`; it has no threshold of its own.
enum PCARule: EstimatorRule {
    static let package: StaticString = "sklearn.decomposition"
    static let classNames: [StaticString] = ["PCA", "IncrementalPCA", "TruncatedSVD"]
    static let role = EstimatorRole.either

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try estimator.requireFitted("components_")
        guard let (components, shape) = try estimator.matrix("components_"), shape.rank == 2
        else { throw .malformed("\(estimator.label) has no matrix of components") }
        let mean = try estimator.vector("mean_") ?? []
        try model.take(shape.columns, estimator)
        guard mean.isEmpty || mean.count == shape.columns else {
            throw .malformed(
                "mean_ of \(estimator.label) has \(mean.count) numbers for \(shape.columns) "
                    + "columns"
            )
        }
        guard shape.rows > 0 else { throw .malformed("\(estimator.label) keeps no components") }
        try model.charge(components.count + mean.count, estimator)
        guard !model.isLastStep else {
            model.append(
                Reconstruction(mean: mean, components: components, count: shape.rows),
                columns: 1
            )
            return model.finish(estimator.typeName, .value)
        }
        let scale = try whitening(estimator, count: shape.rows)
        try model.charge(scale.count, estimator)
        model.append(
            Project(mean: mean, components: components, outputCount: shape.rows, scale: scale),
            columns: shape.rows
        )
    }

    /// The square roots of the variances, kept away from zero as scikit-learn does.
    ///
    /// - Source: scikit-learn, decomposition/_base.py, _BasePCA.transform.
    private static func whitening(
        _ estimator: EstimatorAttributes,
        count: Int
    ) throws(SklearnError) -> [Double] {
        guard estimator.flag("whiten", default: false) else { return [] }
        guard let (variances, shape) = try estimator.matrix("explained_variance_"),
            variances.count == count
        else {
            throw .malformed("\(estimator.label) whitens without a variance for each component")
        }
        let isSingle = shape.element.size == 4
        let smallest = isSingle ? Double(Float.ulpOfOne) : Double.ulpOfOne
        guard variances.allSatisfy({ $0 >= 0 }) else {
            throw .malformed("explained_variance_ of \(estimator.label) holds a negative number")
        }
        return variances.map { max($0.squareRoot(), smallest) }
    }
}
