internal import Inference

/// `(x - mean_) / scale_`.
enum StandardScalerRule: EstimatorRule {
    static let package: StaticString = "sklearn.preprocessing"
    static let classNames: [StaticString] = ["StandardScaler"]
    static let role = EstimatorRole.transformer

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try estimator.requireFitted("scale_")
        let isCentered = estimator.flag("with_mean", default: true)
        let isScaled = estimator.flag("with_std", default: true)
        try model.standardize(
            estimator,
            center: isCentered ? estimator.vector("mean_") : nil,
            scale: isScaled ? estimator.divisor("scale_") : nil,
            wanted: (isCentered, isScaled)
        )
    }
}

/// `(x - center_) / scale_`.
enum RobustScalerRule: EstimatorRule {
    static let package: StaticString = "sklearn.preprocessing"
    static let classNames: [StaticString] = ["RobustScaler"]
    static let role = EstimatorRole.transformer

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try estimator.requireFitted("scale_")
        let isCentered = estimator.flag("with_centering", default: true)
        let isScaled = estimator.flag("with_scaling", default: true)
        try model.standardize(
            estimator,
            center: isCentered ? estimator.vector("center_") : nil,
            scale: isScaled ? estimator.divisor("scale_") : nil,
            wanted: (isCentered, isScaled)
        )
    }
}

extension ModelBuilder {
    fileprivate mutating func standardize(
        _ attributes: EstimatorAttributes,
        center: [Double]?,
        scale: [Double]?,
        wanted: (center: Bool, scale: Bool)
    ) throws(SklearnError) {
        guard (center != nil) == wanted.center, (scale != nil) == wanted.scale else {
            throw .notFitted(
                "\(attributes.label) lacks its centre or scale; call fit before saving the model"
            )
        }
        if let center { try take(center.count, attributes) }
        if let scale { try take(scale.count, attributes) }
        guard center != nil || scale != nil else {
            // Both switched off: nothing happens to the rows, only their width may be known.
            try takeFittedColumns(attributes)
            return
        }
        let stage = Standardize(center: center ?? [], scale: scale ?? [])
        try charge(stage.center.count + stage.scale.count, attributes)
        append(stage, columns: max(stage.center.count, stage.scale.count))
    }
}

/// `x * scale_ + min_`, clipped to the range when it was asked to.
enum MinMaxScalerRule: EstimatorRule {
    static let package: StaticString = "sklearn.preprocessing"
    static let classNames: [StaticString] = ["MinMaxScaler"]
    static let role = EstimatorRole.transformer

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try estimator.requireFitted("scale_")
        guard let scale = try estimator.vector("scale_"),
            let offset = try estimator.vector("min_")
        else { throw .malformed("\(estimator.label) has no scale_ or min_") }
        try model.take(scale.count, estimator)
        try model.take(offset.count, estimator)
        try model.charge(2 * scale.count, estimator)
        var clip: ClosedRange<Double>?
        if estimator.flag("clip", default: false) { clip = try featureRange(estimator) }
        model.append(Rescale(scale: scale, offset: offset, clip: clip), columns: scale.count)
    }

    private static func featureRange(
        _ estimator: EstimatorAttributes
    ) throws(SklearnError) -> ClosedRange<Double> {
        let bounds = try estimator.sequence("feature_range", atMost: 4).compactMap {
            estimator.arena.number($0)
        }
        guard bounds.count == 2, bounds[0].isFinite, bounds[1].isFinite, bounds[0] <= bounds[1]
        else { throw .malformed("feature_range of \(estimator.label) is not a range") }
        return bounds[0]...bounds[1]
    }
}

/// `x / scale_`, clipped to -1...1 when it was asked to.
enum MaxAbsScalerRule: EstimatorRule {
    static let package: StaticString = "sklearn.preprocessing"
    static let classNames: [StaticString] = ["MaxAbsScaler"]
    static let role = EstimatorRole.transformer

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try estimator.requireFitted("scale_")
        try model.standardize(
            estimator,
            center: nil,
            scale: estimator.divisor("scale_"),
            wanted: (false, true)
        )
        guard estimator.flag("clip", default: false), let count = model.width else { return }
        let clip = Rescale(
            scale: Array(repeating: 1, count: count),
            offset: Array(repeating: 0, count: count),
            clip: -1...1
        )
        try model.charge(2 * count, estimator)
        model.append(clip, columns: count)
    }
}

/// Each row divided by its norm.
enum NormalizerRule: EstimatorRule {
    static let package: StaticString = "sklearn.preprocessing"
    static let classNames: [StaticString] = ["Normalizer"]
    static let role = EstimatorRole.transformer

    /// - Source: scikit-learn, preprocessing/_data.py, normalize and _handle_zeros_in_scale.
    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try model.takeFittedColumns(estimator)
        let norm: NormalizeRows.Norm = try estimator.choice(
            "norm",
            [("l1", .sum), ("l2", .euclidean), ("max", .maximum)]
        )
        let isEarly = estimator.version < SklearnVersion(major: 1, minor: 0)
        model.appendKeepingWidth(
            NormalizeRows(norm: norm, smallest: isEarly ? 0 : 10 * Double.ulpOfOne)
        )
    }
}

/// 1 above the threshold, else 0.
enum BinarizerRule: EstimatorRule {
    static let package: StaticString = "sklearn.preprocessing"
    static let classNames: [StaticString] = ["Binarizer"]
    static let role = EstimatorRole.transformer

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try model.takeFittedColumns(estimator)
        model.appendKeepingWidth(Binarize(threshold: try estimator.number("threshold") ?? 0))
    }
}
