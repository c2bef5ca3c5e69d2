internal import Inference

/// The robust ellipse: minus the squared Mahalanobis distance, less the offset.
enum EllipticEnvelopeRule: EstimatorRule {
    static let package: StaticString = "sklearn.covariance"
    static let classNames: [StaticString] = ["EllipticEnvelope"]
    static let role = EstimatorRole.final

    /// Reads the location, the precision and the offset, which was a `threshold_` before 0.20.
    ///
    /// Files of those versions get today's decision function; its sign, and so the label, is that
    /// of their own.
    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try estimator.requireFitted("location_")
        let location = try estimator.vector("location_") ?? []
        try model.take(location.count, estimator)
        guard let (precision, shape) = try estimator.matrix("precision_") else {
            throw .unsupported(
                "\(estimator.label) has no precision_; fit it with store_precision=True"
            )
        }
        guard shape.rank == 2, shape.rows == location.count, shape.columns == location.count else {
            throw .malformed(
                "precision_ of \(estimator.label) is not of \(location.count) x \(location.count)"
            )
        }
        var offset = try estimator.number("offset_")
        if offset == nil { offset = try estimator.number("threshold_").map { -$0 } }
        guard let offset else { throw .malformed("\(estimator.label) has no offset_") }
        try model.charge(precision.count + location.count, estimator)
        model.append(
            MahalanobisDistance(location: location, precision: precision, offset: offset),
            columns: 1
        )
        model.finish("elliptic_envelope", .belowZeroIsAnomaly)
    }
}
