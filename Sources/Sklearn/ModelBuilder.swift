internal import Inference

/// Collects the stages of a model, or of a branch of one, while its estimators are read.
struct ModelBuilder {
    let arena: PickleArena
    private(set) var stages: [any Stage] = []
    /// Columns after the stages so far; nil until a step says how many it takes.
    private(set) var width: Int?
    /// Columns of an input row, known as soon as a step says how many it takes.
    private(set) var featureCount: Int?
    /// What the model is and how its numbers are read; set by its last step.
    private(set) var type: String?
    private(set) var head: ModelHead?
    /// Whether the step being read is the last one of the model, not of a branch.
    private(set) var isLastStep = false
    private var numberCount = 0
    private let depth: Int

    init(arena: PickleArena) {
        self.arena = arena
        depth = 0
    }

    private init(branchOf outer: ModelBuilder, width: Int) {
        arena = outer.arena
        numberCount = outer.numberCount
        depth = outer.depth + 1
        self.width = width
        featureCount = width
    }

    /// Reads a whole model: a pipeline or a bare estimator.
    mutating func build(_ root: Int) throws(SklearnError) -> ModelParameters {
        var flattening = PipelineFlattening(arena: arena)
        try flattening.flatten(root)
        let all = flattening.steps
        for (index, step) in all.enumerated() {
            isLastStep = index == all.count - 1
            try lower(step)
        }
        guard let first = all.first, let last = all.last else {
            throw .unsupported("the pipeline has no steps")
        }
        guard let head, let type, let count = featureCount else {
            throw .unsupported("\(last.label) says nothing about its columns")
        }
        let attributes = EstimatorAttributes(arena: arena, step: first)
        let names = try attributes.featureNames()
        if let names, names.count != count {
            throw .malformed(
                "\(first.label) has \(names.count) feature names for \(count) columns"
            )
        }
        return ModelParameters(
            type: type,
            stages: stages,
            head: head,
            featureCount: count,
            featureNames: names,
            source: source(flattening.summary, attributes)
        )
    }

    /// Reads one estimator with the rule of its class.
    private mutating func lower(_ step: PipelineStep) throws(SklearnError) {
        guard case .estimator(let index) = step.type else {
            let names = isLastStep ? EstimatorRegistry.finals : EstimatorRegistry.transformers
            let place = isLastStep ? "as the last step" : "before the last step"
            throw .unsupported("\(step.label) is not supported; \(place): \(names)")
        }
        let rule = EstimatorRegistry.rules[Int(index)]
        guard isLastStep ? rule.role.isFinal : rule.role.isTransformer else {
            throw .unsupported(
                isLastStep
                    ? "the model ends with \(step.label), which gives no score; the last step has "
                        + "to be one of: \(EstimatorRegistry.finals)"
                    : "\(step.label) is not the last step, and only the last step may be a "
                        + step.className
            )
        }
        let attributes = EstimatorAttributes(arena: arena, step: step)
        try rule.lower(attributes, into: &self)
        guard !isLastStep || head != nil else {
            throw .unsupported("the model ends with \(step.label), which gives no score")
        }
    }

    // MARK: What rules call

    /// Notes that a step takes `count` columns, which has to agree with what reaches it.
    mutating func take(_ count: Int, _ attributes: EstimatorAttributes) throws(SklearnError) {
        if let width, width != count {
            throw .malformed("\(attributes.label) takes \(count) columns, but \(width) reach it")
        }
        guard count > 0 else { throw .malformed("\(attributes.label) takes no columns") }
        width = count
        if featureCount == nil { featureCount = count }
    }

    /// Notes the columns a step was fitted on, when the file says so; nil when it does not.
    @discardableResult
    mutating func takeFittedColumns(
        _ attributes: EstimatorAttributes
    ) throws(SklearnError) -> Int? {
        guard let number = try attributes.number("n_features_in_"), let count = Int(exactly: number)
        else { return width }
        try take(count, attributes)
        return count
    }

    /// Counts the numbers of the model, so that one array named often cannot fill the memory.
    mutating func charge(_ count: Int, _ attributes: EstimatorAttributes) throws(SklearnError) {
        numberCount += count
        guard numberCount <= arena.limits.numberCount else {
            throw .limit(
                "the model has more than the \(arena.limits.numberCount) numbers allowed "
                    + "(reached at \(attributes.label))"
            )
        }
    }

    /// Appends a stage after the step took its columns; `columns` come out of it.
    mutating func append(_ stage: any Stage, columns: Int) {
        stages.append(stage)
        width = columns
    }

    /// Appends a stage that gives as many columns as it takes, however many that are.
    mutating func appendKeepingWidth(_ stage: any Stage) {
        stages.append(stage)
    }

    /// Ends the model: what it is in snake case, and how its numbers are read.
    mutating func finish(_ type: String, _ head: ModelHead) {
        self.type = type
        self.head = head
    }

    /// The stages of an estimator (or pipeline) that a step holds inside, for `width` columns.
    ///
    /// None of its parts ends the model, so all have to be transformers.
    mutating func branch(
        _ value: Int,
        width: Int,
        of attributes: EstimatorAttributes
    ) throws(SklearnError) -> (stages: [any Stage], columns: Int) {
        guard depth < arena.limits.pipelineDepth else {
            throw .limit("\(attributes.label) nests deeper than \(arena.limits.pipelineDepth)")
        }
        var flattening = PipelineFlattening(arena: arena, isBranch: true)
        try flattening.flatten(value, inside: attributes.step.place)
        var inner = ModelBuilder(branchOf: self, width: width)
        for step in flattening.steps { try inner.lower(step) }
        numberCount = inner.numberCount
        return (inner.stages, inner.width ?? width)
    }

    private func source(_ summary: String, _ first: EstimatorAttributes) -> String {
        guard let version = first.text("_sklearn_version") else {
            return summary + " of scikit-learn"
        }
        return summary + " of scikit-learn " + version
    }
}
