/// What people and programs want to know about a model without opening its numbers.
public struct ModelDescription: Sendable, Equatable, Codable {
    /// What it is: `one_class_svm`.
    public var type: String
    /// Where it came from: `Pipeline(StandardScaler, OneClassSVM) of scikit-learn 0.19.2`.
    public var source: String
    public var featureCount: Int
    public var featureNames: [String]?
    /// What each stage does, in order; the last one is the estimator.
    public var stageNames: [String]
    /// What is known of its numbers and its training, most important first.
    public var facts: [ModelFact]
    /// Bytes of the encoded numbers.
    public var byteCount: Int

    public init(
        type: String,
        source: String,
        featureCount: Int,
        featureNames: [String]?,
        stageNames: [String],
        facts: [ModelFact],
        byteCount: Int
    ) {
        self.type = type
        self.source = source
        self.featureCount = featureCount
        self.featureNames = featureNames
        self.stageNames = stageNames
        self.facts = facts
        self.byteCount = byteCount
    }

    /// Describes a model whose encoded numbers have a size, from what only its decoding knows.
    ///
    /// ``describing(_:)`` adds what the packed numbers say.
    public init(of model: ModelParameters, byteCount: Int) {
        self.init(
            type: model.type,
            source: model.source,
            featureCount: model.featureCount,
            featureNames: model.featureNames,
            stageNames: model.stages.map { Swift.type(of: $0).name },
            facts: model.stages.flatMap(\.trainingFacts),
            byteCount: byteCount
        )
    }

    /// Describes a file that holds no model that could be decoded, with the reason.
    public init(undecodable reason: String) {
        self.init(
            type: Self.undecodableType,
            source: reason,
            featureCount: 0,
            featureNames: nil,
            stageNames: [],
            facts: [],
            byteCount: 0
        )
    }

    public static let undecodableType = "undecodable"

    /// Whether there is a model behind this description.
    public var isDecoded: Bool { type != Self.undecodableType }

    /// The same with what the packed numbers say in front of the training facts.
    public func describing(_ view: ModelView) throws(InferenceError) -> ModelDescription {
        var copy = self
        var facts: [ModelFact] = []
        for stage in try view.stageDescriptions() {
            for fact in stage.facts where !facts.contains(where: { $0.name == fact.name }) {
                facts.append(fact)
            }
        }
        if let threshold = view.threshold { facts.append(ModelFact("threshold", "\(threshold)")) }
        if view.labelCount > 0 {
            let shown = (0..<min(8, view.labelCount)).compactMap { view.label(at: $0) }
            let more = view.labelCount > 8 ? " and \(view.labelCount - 8) more" : ""
            facts.append(ModelFact("labels", shown.joined(separator: ", ") + more))
        }
        copy.facts = facts + self.facts
        return copy
    }

    /// The parameters for people, by name, in order.
    public var parameters: [ModelFact] {
        guard isDecoded else { return [] }
        let features = featureNames?.joined(separator: ", ") ?? "\(featureCount)"
        let stages = stageNames.dropLast().joined(separator: ", ")
        return [ModelFact("type", type), ModelFact("features", features)]
            + (stages.isEmpty ? [] : [ModelFact("steps", stages)]) + facts
    }

    /// The parameters for people, by name.
    public var parameterTexts: [String: String] {
        Dictionary(parameters.map { ($0.name, $0.value) }) { first, _ in first }
    }
}
