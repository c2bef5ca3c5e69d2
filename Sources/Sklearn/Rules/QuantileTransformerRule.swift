internal import Inference

/// The quantiles of the training values.
enum QuantileTransformerRule: EstimatorRule {
    static let package: StaticString = "sklearn.preprocessing"
    static let classNames: [StaticString] = ["QuantileTransformer"]
    static let role = EstimatorRole.transformer

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try estimator.requireFitted("quantiles_")
        guard let (quantiles, shape) = try estimator.matrix("quantiles_"), shape.rank == 2,
            let references = try estimator.vector("references_")
        else { throw .malformed("\(estimator.label) has no quantiles_ or references_") }
        guard shape.rows == references.count, !references.isEmpty else {
            throw .malformed(
                "\(estimator.label) has \(shape.rows) quantiles for \(references.count) references"
            )
        }
        try model.take(shape.columns, estimator)
        try model.charge(quantiles.count + references.count, estimator)
        let isEarly = estimator.version < SklearnVersion(major: 0, minor: 21)
        let distribution: MapQuantiles.Distribution = try estimator.choice(
            "output_distribution",
            absent: .uniform,
            [("uniform", isEarly ? .earlyUniform : .uniform), ("normal", .normal)]
        )
        var columns: [Double] = []
        columns.reserveCapacity(quantiles.count)
        for column in 0..<shape.columns {
            for row in 0..<shape.rows {
                columns.append(quantiles[row * shape.columns + column])
            }
        }
        model.append(
            MapQuantiles(distribution: distribution, references: references, quantiles: columns),
            columns: shape.columns
        )
    }
}
