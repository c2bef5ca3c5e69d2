/// One estimator of a model with the words that say where it stands.
struct PipelineStep {
    /// The arena index of the object.
    var value: Int
    var type: PickleGlobal
    /// Its class name: `StandardScaler`.
    var className: String
    /// The attributes; nil when the file gives none.
    var state: Chain?
    /// Empty for a bare estimator, else ` at step 2 "classifier" of the pipeline`.
    var place: String

    /// `StandardScaler at step 1 "scaler" of the pipeline`.
    var label: String { className + place }
}

/// Takes pipelines apart into their steps, in order, nested ones included.
struct PipelineFlattening {
    let arena: PickleArena
    private(set) var steps: [PipelineStep] = []
    /// Entries looked at, skipped ones and inner pipelines included: a pipeline may hold another
    /// one many times, so that the nesting limit alone would allow endless work.
    private var visitedCount = 0
    /// Whether the steps are a branch of another one and need not give a score.
    private let isBranch: Bool
    /// The class names as people read them: `Pipeline(StandardScaler, OneClassSVM)`.
    private(set) var summary = ""

    init(arena: PickleArena, isBranch: Bool = false) {
        self.arena = arena
        self.isBranch = isBranch
    }

    /// Takes apart a model, or what a step at a place holds inside.
    mutating func flatten(_ root: Int, inside place: String = "") throws(SklearnError) {
        let step = try arena.estimator(root, place: place.isEmpty ? "" : " inside the one" + place)
        guard step.type == .pipeline else {
            steps = [step]
            summary = step.className
            return
        }
        try appendSteps(of: step, suffix: " of the pipeline" + step.place, depth: 1)
        summary = "Pipeline(" + steps.map(\.className).joined(separator: ", ") + ")"
    }

    private mutating func appendSteps(
        of pipeline: PipelineStep,
        suffix: String,
        depth: Int
    ) throws(SklearnError) {
        guard depth <= arena.limits.pipelineDepth else {
            throw .limit("pipelines nest deeper than the \(arena.limits.pipelineDepth) allowed")
        }
        guard let state = pipeline.state, let list = arena.lookUp("steps", in: state) else {
            throw .malformed("\(pipeline.label) has no steps")
        }
        let entries: [Int]
        switch arena[list] {
        case .list(let chain), .tuple(let chain):
            entries = try arena.items(chain, atMost: arena.limits.stepCount)
        default: throw .malformed("the steps of \(pipeline.label) are not a list")
        }
        visitedCount += entries.count
        guard visitedCount <= arena.limits.stepCount else {
            throw .limit("the pipeline has more than the \(arena.limits.stepCount) steps allowed")
        }
        for (index, entry) in entries.enumerated() {
            guard case .tuple(let pair) = arena[entry],
                case let parts = try arena.items(pair, atMost: 4), parts.count == 2
            else {
                throw .malformed("step \(index + 1)\(suffix) is not a pair of name and estimator")
            }
            let name = arena.textSlice(parts[0]).map { printable(arena.string($0)) } ?? ""
            let place = " at step \(index + 1) \"\(name)\"\(suffix)"
            if isSkipped(parts[1]) {
                guard isBranch || index + 1 < entries.count || depth > 1 else {
                    throw .unsupported(
                        "the last step\(suffix), \"\(name)\", is passthrough and gives no score"
                    )
                }
                continue
            }
            let step = try arena.estimator(parts[1], place: place)
            if step.type == .pipeline {
                let inner = " of step \(index + 1) \"\(name)\"\(suffix)"
                try appendSteps(of: step, suffix: inner, depth: depth + 1)
            } else {
                steps.append(step)
            }
        }
    }

    private func isSkipped(_ value: Int) -> Bool {
        if case .none = arena[value] { return true }
        return arena.equals(value, "passthrough")
    }
}

extension PickleArena {
    /// The object behind a value, with its class and attributes.
    func estimator(_ value: Int, place: String) throws(SklearnError) -> PipelineStep {
        guard case .object(let type, _, let state) = self[value],
            case .global(let global, let name) = self[type]
        else {
            throw .unsupported(
                "the value\(place.isEmpty ? " in the file" : place) is a "
                    + "\(self[value].typeName), not a fitted scikit-learn estimator"
            )
        }
        var step = PipelineStep(
            value: value,
            type: global,
            className: printable(string(name)),
            place: place
        )
        if state >= 0, case .dict(let chain) = self[state] {
            guard chain.count / 2 <= limits.attributeCount else {
                throw .limit("\(step.label) has \(chain.count / 2) attributes")
            }
            step.state = chain
        }
        return step
    }
}
