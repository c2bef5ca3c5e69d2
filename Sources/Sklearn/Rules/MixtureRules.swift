internal import Inference

/// Gaussian mixtures: the score is the log density, the label the likeliest component.
enum MixtureRule: EstimatorRule {
    static let package: StaticString = "sklearn.mixture"
    static let classNames: [StaticString] = ["GaussianMixture", "BayesianGaussianMixture"]
    static let role = EstimatorRole.final

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        let (means, count, columns) = try estimator.requiredMatrix("means_")
        try model.take(columns, estimator)
        try estimator.requireFitted("precisions_cholesky_")
        try model.charge(means.count, estimator)
        let isBayesian = estimator.step.className == "BayesianGaussianMixture"
        let weights =
            isBayesian
            ? try bayesianWeights(estimator, count, columns)
            : try estimator.requiredVector("weights_", count).map(RealFunctions.logarithm)
        let scale = -0.5 * Double(columns) * RealFunctions.logarithm(2 * Double.pi)
        let constants = weights.map { $0 + scale }
        switch estimator.text("covariance_type") ?? "full" {
        case "full":
            let factors = try estimator.cube("precisions_cholesky_", count, columns, columns)
            try model.charge(factors.count, estimator)
            let packed = (0..<count).map { index in
                let size = columns * columns
                return pack(Array(factors[(index * size)..<((index + 1) * size)]), columns)
            }
            model.append(
                GaussianMixture(
                    form: .triangular,
                    means: means,
                    factors: packed.flatMap(\.factor),
                    constants: zip(constants, packed).map { $0 + $1.logarithm }
                ),
                columns: count
            )
        case "tied": try tied(estimator, means, constants, into: &model)
        case "diag", "spherical": try diagonal(estimator, means, constants, into: &model)
        case let other:
            throw .unsupported(
                "\(estimator.label) has the covariance_type \"\(other)\"; supported: full, tied, "
                    + "diag, spherical"
            )
        }
        model.finishChoice(estimator, .logSum, classes: (0..<count).map { "\($0)" })
    }

    /// An upper triangular factor column by column, and the logarithm of its determinant.
    private static func pack(
        _ factor: [Double],
        _ columns: Int
    ) -> (factor: [Double], logarithm: Double) {
        var packed: [Double] = []
        packed.reserveCapacity(columns * (columns + 1) / 2)
        var logarithm = 0.0
        for column in 0..<columns {
            for row in 0...column { packed.append(factor[row * columns + column]) }
            logarithm += RealFunctions.logarithm(factor[column * columns + column])
        }
        return (packed, logarithm)
    }

    /// One factor for all: rows and means are projected, after a common centre is taken away.
    private static func tied(
        _ estimator: EstimatorAttributes,
        _ means: [Double],
        _ constants: [Double],
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        let count = constants.count
        let columns = means.count / count
        let (factor, rows, own) = try estimator.requiredMatrix("precisions_cholesky_")
        guard rows == columns, own == columns else {
            throw .malformed("precisions_cholesky_ of \(estimator.label) is \(rows) x \(own)")
        }
        try model.charge(factor.count + means.count, estimator)
        let center = (0..<columns).map { column in
            (0..<count).reduce(0.0) { $0 + means[$1 * columns + column] } / Double(count)
        }
        let turned = (0..<columns).flatMap { column in
            (0..<columns).map { $0 <= column ? factor[$0 * columns + column] : 0 }
        }
        var projected: [Double] = []
        for index in 0..<count {
            for output in 0..<columns {
                var sum = 0.0
                for column in 0..<columns {
                    sum +=
                        (means[index * columns + column] - center[column])
                        * turned[output * columns + column]
                }
                projected.append(sum)
            }
        }
        let logarithm = pack(factor, columns).logarithm
        model.append(
            Project(mean: center, components: turned, outputCount: columns, scale: []),
            columns: columns
        )
        model.append(
            GaussianMixture(
                form: .diagonal,
                means: projected,
                factors: Array(repeating: 1, count: projected.count),
                constants: constants.map { $0 + logarithm }
            ),
            columns: count
        )
    }

    private static func diagonal(
        _ estimator: EstimatorAttributes,
        _ means: [Double],
        _ constants: [Double],
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        let count = constants.count
        let columns = means.count / count
        guard let (factors, _) = try estimator.matrix("precisions_cholesky_"),
            factors.count == count || factors.count == means.count
        else {
            throw .malformed("precisions_cholesky_ of \(estimator.label) has another shape")
        }
        try model.charge(means.count, estimator)
        let isSpherical = estimator.text("covariance_type") == "spherical"
        guard factors.count == (isSpherical ? count : means.count) else {
            throw .malformed("precisions_cholesky_ of \(estimator.label) has another shape")
        }
        let all = means.indices.map { factors[isSpherical ? $0 / columns : $0] }
        let determinants = (0..<count).map { index in
            (0..<columns).reduce(0.0) {
                $0 + RealFunctions.logarithm(all[index * columns + $1])
            }
        }
        model.append(
            GaussianMixture(
                form: .diagonal,
                means: means,
                factors: all.map { $0 * $0 },
                constants: zip(constants, determinants).map { $0 + $1 }
            ),
            columns: count
        )
    }

    /// The terms of a variational mixture besides its Gaussians.
    ///
    /// - Source: scikit-learn, BayesianGaussianMixture._estimate_log_weights, _estimate_log_prob.
    private static func bayesianWeights(
        _ estimator: EstimatorAttributes,
        _ count: Int,
        _ columns: Int
    ) throws(SklearnError) -> [Double] {
        // Tied components share one covariance and so one number.
        let freedom =
            estimator.text("covariance_type") == "tied"
            ? Array(repeating: try estimator.number("degrees_of_freedom_") ?? 0, count: count)
            : try estimator.requiredVector("degrees_of_freedom_", count)
        let precision = try estimator.requiredVector("mean_precision_", count)
        guard precision.allSatisfy({ $0 > 0 }), freedom.allSatisfy({ $0 > Double(columns) - 1 })
        else {
            throw .malformed("\(estimator.label) has a precision or freedom that is not positive")
        }
        let width = Double(columns)
        return try concentrations(estimator, count).enumerated().map { index, weight in
            let degrees = freedom[index]
            let lambda = (0..<columns).reduce(width * RealFunctions.logarithm(2)) {
                $0 + RealFunctions.digamma(0.5 * (degrees - Double($1)))
            }
            return weight - 0.5 * width * RealFunctions.logarithm(degrees)
                + 0.5 * (lambda - width / precision[index])
        }
    }

    private static func concentrations(
        _ estimator: EstimatorAttributes,
        _ count: Int
    ) throws(SklearnError) -> [Double] {
        let isProcess =
            estimator.text("weight_concentration_prior_type") ?? "dirichlet_process"
            == "dirichlet_process"
        guard isProcess else {
            let own = try estimator.requiredVector("weight_concentration_", count)
            guard own.allSatisfy({ $0 > 0 }) else { throw notPositive(estimator) }
            let sum = RealFunctions.digamma(own.reduce(0, +))
            return own.map { RealFunctions.digamma($0) - sum }
        }
        let pair = try estimator.arrays("weight_concentration_", atMost: 2).map(\.values)
        guard pair.count == 2, pair.allSatisfy({ $0.count == count }) else {
            throw .malformed("weight_concentration_ of \(estimator.label) has another shape")
        }
        guard pair.allSatisfy({ $0.allSatisfy { $0 > 0 } }) else { throw notPositive(estimator) }
        var rest = 0.0
        return (0..<count).map { index in
            let sum = RealFunctions.digamma(pair[0][index] + pair[1][index])
            let weight = RealFunctions.digamma(pair[0][index]) - sum + rest
            rest += RealFunctions.digamma(pair[1][index]) - sum
            return weight
        }
    }

    private static func notPositive(_ estimator: EstimatorAttributes) -> SklearnError {
        .malformed(
            "weight_concentration_ of \(estimator.label) holds a number that is not positive"
        )
    }
}
