internal import Inference

/// Turns decoded estimators into the plain numbers a pack is made from.
struct EstimatorLowering {
    let arena: PickleArena
    var steps: [TransformStep] = []
    /// Columns after the steps so far; nil until a step says how many it takes.
    var width: Int?
    private var featureCount: Int?
    private var numberCount = 0

    static let supported =
        "supported: Pipeline of StandardScaler, MinMaxScaler, RobustScaler, PCA and OneClassSVM"

    init(arena: PickleArena) {
        self.arena = arena
    }

    mutating func lower(_ root: Int) throws(SklearnError) -> ModelParameters {
        var flattening = PipelineFlattening(arena: arena)
        try flattening.flatten(root)
        let all = flattening.steps
        for step in all where !isSupported(step.type) {
            throw .unsupported("\(step.label) is not supported yet; \(Self.supported)")
        }
        guard let first = all.first, let last = all.last else {
            throw .unsupported("the pipeline has no steps")
        }
        guard last.type == .oneClassSVM else {
            throw .unsupported(
                "the model ends with \(last.label), which gives no score; the last step has to be "
                    + "a OneClassSVM"
            )
        }
        for step in all.dropLast() {
            try transform(EstimatorAttributes(arena: arena, step: step))
        }
        let estimator = try oneClassSVM(EstimatorAttributes(arena: arena, step: last))
        let firstAttributes = EstimatorAttributes(arena: arena, step: first)
        let count = featureCount ?? 0
        let names = try firstAttributes.featureNames()
        if let names, names.count != count {
            throw .malformed(
                "\(first.label) has \(names.count) feature names for \(count) columns"
            )
        }
        return ModelParameters(
            steps: steps,
            estimator: .oneClassSVM(estimator),
            featureCount: count,
            featureNames: names,
            source: source(flattening.summary, first)
        )
    }

    private func source(_ summary: String, _ first: PipelineStep) -> String {
        let attributes = EstimatorAttributes(arena: arena, step: first)
        guard let version = attributes.text("_sklearn_version") else {
            return summary + " of scikit-learn"
        }
        return summary + " of scikit-learn " + version
    }

    private func isSupported(_ type: PickleGlobal) -> Bool {
        switch type {
        case .standardScaler, .minMaxScaler, .robustScaler, .pca, .oneClassSVM: true
        default: false
        }
    }

    // MARK: Dimensions

    /// Notes that a step takes `count` columns, which has to agree with what reaches it.
    mutating func take(
        _ count: Int,
        _ attributes: EstimatorAttributes
    ) throws(SklearnError) {
        if let width, width != count {
            throw .malformed(
                "\(attributes.label) takes \(count) columns, but \(width) reach it"
            )
        }
        guard count > 0 else { throw .malformed("\(attributes.label) takes no columns") }
        width = count
        if featureCount == nil { featureCount = count }
    }

    /// Counts the numbers of the model, so that one array named often cannot fill the memory.
    mutating func charge(
        _ count: Int,
        _ attributes: EstimatorAttributes
    ) throws(SklearnError) {
        numberCount += count
        guard numberCount <= arena.limits.numberCount else {
            throw .limit(
                "the model has more than the \(arena.limits.numberCount) numbers allowed "
                    + "(reached at \(attributes.label))"
            )
        }
    }
}
