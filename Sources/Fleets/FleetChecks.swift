package import Core
package import Inference
package import Packs

/// Checks of a version against the pipelines that use it: pure functions of what they are given.
package enum FleetChecks {
    /// What a pipeline gives the models it scores with.
    package struct Inputs: Sendable, Equatable {
        package let pipeline: String
        package let features: [String]

        package init(pipeline: String, features: [String]) {
            self.pipeline = pipeline
            self.features = features
        }
    }

    /// A finding with the key of its model.
    package struct Found: Sendable, Equatable {
        package let key: SeriesKey
        package let finding: ModelFinding

        package init(key: SeriesKey, finding: ModelFinding) {
            self.key = key
            self.finding = finding
        }
    }

    /// Whether a model takes the features that a pipeline has, in its order.
    ///
    /// Codes: `feature_count`, `feature_order` (errors), `feature_names` (warning).
    package static func inputs(
        featureCount: Int,
        featureNames: [String]?,
        of inputs: Inputs
    ) -> ModelFinding? {
        let given = inputs.features.joined(separator: ", ")
        guard featureCount == inputs.features.count else {
            return ModelFinding(
                .error,
                code: "feature_count",
                "expects \(featureCount) features, the pipeline \(inputs.pipeline) gives "
                    + "\(inputs.features.count): \(given)"
            )
        }
        guard let names = featureNames, names != inputs.features else { return nil }
        let expected = names.prefix(20).joined(separator: ", ")
        if Set(names) == Set(inputs.features) {
            return ModelFinding(
                .error,
                code: "feature_order",
                "was trained on \(expected), the pipeline \(inputs.pipeline) gives \(given): the "
                    + "order differs"
            )
        }
        return ModelFinding(
            .warning,
            code: "feature_names",
            "was trained on \(expected), the pipeline \(inputs.pipeline) gives \(given)"
        )
    }

    /// Compares every model of a pack with what pipelines give, errors only or warnings too.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming a damaged model.
    @concurrent
    package static func inputs(
        of pack: PackReader,
        _ inputs: [Inputs],
        errorsOnly: Bool,
        body: (Found) -> Void
    ) async throws {
        guard !inputs.isEmpty else { return }
        for index in pack.indices where try !pack.blockBytes(at: index).isEmpty {
            let description = try pack.description(at: index)
            for input in inputs {
                let finding = Self.inputs(
                    featureCount: description.featureCount,
                    featureNames: description.featureNames,
                    of: input
                )
                guard let finding, !errorsOnly || finding.severity == .error else { continue }
                body(Found(key: pack.key(at: index), finding: finding))
                break
            }
        }
    }

    /// What a model did with rows that it was not trained on.
    package struct Observed: Sendable, Equatable {
        package var rows = 0
        package var flagged = 0
        package var anyPositive = false

        package init() {}
    }

    /// Fewer rows than this say nothing about a rate.
    package static let rowCountMin = 20

    /// Signs that a model does not fit recent rows.
    ///
    /// Codes: `flags_most_rows`, `no_normal_row` (errors), `anomaly_rate_drift` (warning: more than
    /// 5 times the share of rows that training left outside, and more than 5 points above it).
    package static func observed(_ observed: Observed, facts: [ModelFact]) -> [ModelFinding] {
        guard observed.rows >= rowCountMin else { return [] }
        let trained = trainedRate(facts)
        // Without a trained rate there may be no notion of an anomaly at all.
        guard trained != nil || observed.flagged > 0 else { return [] }
        let errors = ModelChecks.observed(
            flagged: observed.flagged,
            rows: observed.rows,
            anyPositive: observed.anyPositive || trained == nil
        )
        guard errors.isEmpty, let trained else { return errors }
        let rate = Double(observed.flagged) / Double(observed.rows)
        guard rate > 5 * trained, rate > trained + 0.05 else { return [] }
        return [
            ModelFinding(
                .warning,
                code: "anomaly_rate_drift",
                "flags \(percent(rate)) % of \(observed.rows) recent rows, was trained to flag "
                    + "\(percent(trained)) %"
            )
        ]
    }

    /// The share of rows that training left outside: nu or contamination.
    package static func trainedRate(_ facts: [ModelFact]) -> Double? {
        for name in ["nu", "contamination"] {
            guard let fact = facts.first(where: { $0.name == name }),
                let value = Double(fact.value), value > 0, value <= 1
            else { continue }
            return value
        }
        return nil
    }

    private static func percent(_ rate: Double) -> String {
        let tenths = Int((min(1, max(0, rate)) * 1000).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
