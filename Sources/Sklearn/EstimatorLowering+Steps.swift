internal import Inference

/// The preprocessing steps.
extension EstimatorLowering {
    mutating func transform(_ attributes: EstimatorAttributes) throws(SklearnError) {
        switch attributes.step.type {
        case .standardScaler:
            try attributes.requireFitted("scale_")
            let isCentered = attributes.flag("with_mean", default: true)
            let isScaled = attributes.flag("with_std", default: true)
            try standardize(
                attributes,
                center: isCentered ? attributes.vector("mean_") : nil,
                scale: isScaled ? attributes.divisor("scale_") : nil,
                isComplete: (isCentered, isScaled)
            )
        case .robustScaler:
            try attributes.requireFitted("scale_")
            let isCentered = attributes.flag("with_centering", default: true)
            let isScaled = attributes.flag("with_scaling", default: true)
            try standardize(
                attributes,
                center: isCentered ? attributes.vector("center_") : nil,
                scale: isScaled ? attributes.divisor("scale_") : nil,
                isComplete: (isCentered, isScaled)
            )
        case .minMaxScaler: try rescale(attributes)
        case .pca: try project(attributes)
        default:
            throw .unsupported(
                "\(attributes.label) is not the last step; only the last step may be a OneClassSVM"
            )
        }
    }

    /// StandardScaler and RobustScaler: `(x - center) / scale`.
    private mutating func standardize(
        _ attributes: EstimatorAttributes,
        center: [Double]?,
        scale: [Double]?,
        isComplete wanted: (center: Bool, scale: Bool)
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
            if let count = try attributes.number("n_features_in_"),
                let columns = Int(exactly: count)
            {
                try take(columns, attributes)
            }
            return
        }
        let result = (center: center ?? [], scale: scale ?? [])
        try charge(result.center.count + result.scale.count, attributes)
        steps.append(.standardize(center: result.center, scale: result.scale))
    }

    /// MinMaxScaler: `x * scale_ + min_`.
    private mutating func rescale(_ attributes: EstimatorAttributes) throws(SklearnError) {
        try attributes.requireFitted("scale_")
        guard let scale = try attributes.vector("scale_"),
            let offset = try attributes.vector("min_")
        else { throw .malformed("\(attributes.label) has no scale_ or min_") }
        try take(scale.count, attributes)
        try take(offset.count, attributes)
        try charge(2 * scale.count, attributes)
        var clip: ClosedRange<Double>?
        if attributes.flag("clip", default: false) { clip = try featureRange(attributes) }
        steps.append(.rescale(scale: scale, offset: offset, clip: clip))
    }

    private func featureRange(
        _ attributes: EstimatorAttributes
    ) throws(SklearnError) -> ClosedRange<Double> {
        var bounds: [Double] = []
        if let value = attributes.find("feature_range") {
            switch arena[value] {
            case .tuple(let chain), .list(let chain):
                for item in try arena.items(chain, atMost: 4) {
                    switch arena[item] {
                    case .int(let number): bounds.append(Double(number))
                    case .float(let number): bounds.append(number)
                    default: break
                    }
                }
            default: break
            }
        }
        guard bounds.count == 2, bounds[0].isFinite, bounds[1].isFinite, bounds[0] <= bounds[1]
        else { throw .malformed("feature_range of \(attributes.label) is not a range") }
        return bounds[0]...bounds[1]
    }

    /// PCA: `components (x - mean)`, divided by the standard deviations when it whitens.
    private mutating func project(_ attributes: EstimatorAttributes) throws(SklearnError) {
        try attributes.requireFitted("components_")
        guard let (components, shape) = try attributes.matrix("components_"), shape.rank == 2
        else { throw .malformed("\(attributes.label) has no matrix of components") }
        let mean = try attributes.vector("mean_") ?? []
        try take(shape.columns, attributes)
        guard mean.isEmpty || mean.count == shape.columns else {
            throw .malformed(
                "mean_ of \(attributes.label) has \(mean.count) numbers for \(shape.columns) "
                    + "columns"
            )
        }
        guard shape.rows > 0 else { throw .malformed("\(attributes.label) keeps no components") }
        let scale = try whitening(attributes, count: shape.rows)
        try charge(components.count + mean.count + scale.count, attributes)
        steps.append(
            .project(mean: mean, components: components, outputCount: shape.rows, scale: scale)
        )
        width = shape.rows
    }

    /// The square roots of the variances, kept away from zero as scikit-learn does.
    ///
    /// - Source: scikit-learn, decomposition/_base.py, _BasePCA.transform.
    private func whitening(
        _ attributes: EstimatorAttributes,
        count: Int
    ) throws(SklearnError) -> [Double] {
        guard attributes.flag("whiten", default: false) else { return [] }
        guard let (variances, shape) = try attributes.matrix("explained_variance_"),
            variances.count == count
        else {
            throw .malformed(
                "\(attributes.label) whitens without a variance for each component"
            )
        }
        let isSingle = shape.element.size == 4
        let smallest = isSingle ? Double(Float.ulpOfOne) : Double.ulpOfOne
        guard variances.allSatisfy({ $0 >= 0 }) else {
            throw .malformed("explained_variance_ of \(attributes.label) holds a negative number")
        }
        return variances.map { max($0.squareRoot(), smallest) }
    }
}
