extension ModelParameters {
    /// The model with the feature names and the anomaly rule that metadata states.
    ///
    /// A threshold moves the model's own rule; a model without one needs the sign as well. The
    /// output is chosen when an ONNX file is read, and golden rows are checked by ``ModelChecks``.
    /// - Throws: ``InferenceError`` `.invalidModel` when the metadata does not fit the model.
    public func applying(_ metadata: ModelMetadata) throws(InferenceError) -> ModelParameters {
        var model = self
        if let features = metadata.features {
            guard features.count == featureCount else {
                throw .invalid(
                    "the metadata names \(features.count) features, but the model takes "
                        + "\(featureCount)"
                )
            }
            guard Set(features).count == features.count else {
                throw .invalid("the metadata names a feature twice")
            }
            model.featureNames = features
        }
        for (index, golden) in metadata.golden.enumerated()
        where golden.row.count != featureCount {
            throw .invalid(
                "golden row \(index + 1) has \(golden.row.count) values, but the model takes "
                    + "\(featureCount)"
            )
        }
        model.head.anomaly = try Self.rule(head.anomaly, metadata)
        return model
    }

    private static func rule(
        _ own: ModelHead.AnomalyRule,
        _ metadata: ModelMetadata
    ) throws(InferenceError) -> ModelHead.AnomalyRule {
        guard metadata.sign != nil || metadata.threshold != nil else { return own }
        if let threshold = metadata.threshold, !threshold.isFinite {
            throw .invalid("the threshold is \(threshold)")
        }
        let ownThreshold: Double?
        let ownSign: ModelMetadata.Sign?
        switch own {
        case .none, .label: (ownThreshold, ownSign) = (nil, nil)
        case .notAbove(let value), .below(let value): (ownThreshold, ownSign) = (value, .lower)
        case .above(let value): (ownThreshold, ownSign) = (value, .higher)
        }
        // A sign alone says nothing about a model that has no threshold.
        guard let threshold = metadata.threshold ?? ownThreshold else { return own }
        guard let sign = metadata.sign ?? ownSign else {
            throw .invalid(
                "the metadata states the threshold \(threshold), but not the sign: say whether a "
                    + "lower or a higher score is an anomaly"
            )
        }
        if sign == ownSign, case .notAbove = own { return .notAbove(threshold) }
        return sign == .lower ? .below(threshold) : .above(threshold)
    }
}
