#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif
internal import Inference

/// The first guess of gradient boosting, the same for every row.
enum GradientBoostingStart {
    /// What the sums begin with: `init_` of the estimator through the loss's link.
    ///
    /// - Source: scikit-learn, ensemble/_gb.py, _init_raw_predictions; before 1.4
    ///   ensemble/_gb_losses.py, get_init_raw_predictions; before 0.21 the estimators of
    ///   ensemble/gradient_boosting.py.
    static func values(
        _ estimator: EstimatorAttributes,
        loss: BoostingLoss,
        classes: [String]
    ) throws(SklearnError) -> [Double] {
        let count = classes.count > 2 ? classes.count : 1
        guard let value = estimator.find("init_") else {
            throw .notFitted("\(estimator.label) is not fitted (it has no init_)")
        }
        if estimator.arena.equals(value, "zero") { return [Double](repeating: 0, count: count) }
        guard case .object = estimator.arena[value] else {
            throw .malformed("init_ of \(estimator.label) is no estimator")
        }
        let start = try estimator.nested(value, "init_")
        switch start.step.className {
        case "DummyRegressor" where classes.isEmpty:
            return [try only(start, "constant_")]
        case "DummyClassifier" where !classes.isEmpty:
            let shares = try shares(start, count: classes.count)
            return raw(shares, loss, epsilon: epsilon(estimator))
        case "MeanEstimator": return [try only(start, "mean")]
        case "QuantileEstimator": return [try only(start, "quantile")]
        case "LogOddsEstimator", "ScaledLogOddsEstimator": return [try only(start, "prior")]
        case "PriorProbabilityEstimator":
            guard let priors = try start.vector("priors"), priors.count == count else {
                throw .malformed("\(start.label) has no prior for each class")
            }
            return priors
        case "ZeroEstimator": return [Double](repeating: 0, count: count)
        case let other:
            throw .unsupported(
                "\(estimator.label) starts from a \(other), which is not supported; supported are "
                    + "the default, DummyClassifier, DummyRegressor and init=\"zero\""
            )
        }
    }

    private static func only(
        _ start: EstimatorAttributes,
        _ name: StaticString
    ) throws(SklearnError) -> Double {
        guard let number = try start.number(name) else {
            throw .malformed("\(start.label) has no \(name)")
        }
        return number
    }

    /// What `DummyClassifier.predict_proba` gives.
    private static func shares(
        _ start: EstimatorAttributes,
        count: Int
    ) throws(SklearnError) -> [Double] {
        guard let priors = try start.vector("class_prior_"), priors.count == count else {
            throw .malformed("\(start.label) has no prior for each of \(count) classes")
        }
        var result = [Double](repeating: 0, count: count)
        switch start.text("_strategy") ?? start.text("strategy") ?? "" {
        case "prior": return priors
        case "uniform": return [Double](repeating: 1 / Double(count), count: count)
        case "most_frequent":
            var best = 0
            for index in priors.indices where priors[index] > priors[best] { best = index }
            result[best] = 1
        case "constant":
            guard let constant = try start.number("constant"),
                let classes = try start.vector("classes_"), classes.count == count,
                let index = classes.firstIndex(of: constant)
            else { throw .malformed("\(start.label) has a constant that is no class") }
            result[index] = 1
        case let other:
            throw .unsupported(
                "\(start.label) has the strategy \"\(other)\"; supported are prior, "
                    + "most_frequent, uniform and constant"
            )
        }
        return result
    }

    /// How far probabilities stay away from 0 and 1.
    private static func epsilon(_ estimator: EstimatorAttributes) -> Double {
        TreeVersion(estimator) < TreeVersion(1, 8) ? Double(Float.ulpOfOne) : Double.ulpOfOne
    }

    /// The loss's link of clipped probabilities.
    private static func raw(
        _ shares: [Double],
        _ loss: BoostingLoss,
        epsilon: Double
    ) -> [Double] {
        let clipped = shares.map { min(max($0, epsilon), 1 - epsilon) }
        if shares.count == 2 {
            let odds = logit(clipped[1])
            return [loss.isExponential ? 0.5 * odds : odds]
        }
        let logarithms = clipped.map { log($0) }
        guard !loss.isOld else { return logarithms }
        let mean = exp(TreeClasses.sum(logarithms[...]) / Double(shares.count))
        return clipped.map { log($0 / mean) }
    }

    /// - Source: xsf, log_exp.h, logit.
    private static func logit(_ share: Double) -> Double {
        guard share >= 0.3, share <= 0.65 else { return log(share / (1 - share)) }
        // Near one half the plain quotient loses digits.
        let distance = 2 * (share - 0.5)
        return log1p(distance) - log1p(-distance)
    }
}
