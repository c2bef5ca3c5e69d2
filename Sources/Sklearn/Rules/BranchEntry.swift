internal import Inference

/// One named transformer of several.
struct BranchEntry {
    let name: String
    /// Name, transformer and, in a ColumnTransformer, columns.
    let parts: [Int]
    let isDropped: Bool
    let isPassedThrough: Bool
    /// What its result is multiplied by.
    let weight: Double?

    /// The transformers that an attribute lists.
    static func list(
        _ estimator: EstimatorAttributes,
        _ attribute: StaticString,
        parts count: Int
    ) throws(SklearnError) -> [BranchEntry] {
        let arena = estimator.arena
        let weights = try weights(estimator)
        var result: [BranchEntry] = []
        for entry in try estimator.sequence(attribute, atMost: 4_096) {
            guard case .tuple(let chain) = arena[entry],
                case let parts = try arena.items(chain, atMost: 4), parts.count == count
            else { throw .malformed("\(attribute) of \(estimator.label) is not as written") }
            let name = arena.textSlice(parts[0]).map { arena.string($0) } ?? ""
            var isNone = false
            if case .none = arena[parts[1]] { isNone = true }
            result.append(
                BranchEntry(
                    name: printable(name, limit: 60),
                    parts: parts,
                    isDropped: isNone || arena.equals(parts[1], "drop"),
                    isPassedThrough: arena.equals(parts[1], "passthrough"),
                    weight: weights[name]
                )
            )
        }
        guard !result.isEmpty else {
            throw .malformed("\(estimator.label) has no transformers")
        }
        return result
    }

    private static func weights(
        _ estimator: EstimatorAttributes
    ) throws(SklearnError) -> [String: Double] {
        guard let value = estimator.find("transformer_weights"),
            case .dict(let chain) = estimator.arena[value]
        else { return [:] }
        let items = try estimator.arena.items(chain, atMost: 8_192)
        var result: [String: Double] = [:]
        for index in stride(from: 0, to: items.count - 1, by: 2) {
            guard let slice = estimator.arena.textSlice(items[index]),
                let weight = estimator.arena.number(items[index + 1]), weight.isFinite
            else {
                throw .malformed(
                    "transformer_weights of \(estimator.label) are no numbers by name"
                )
            }
            result[estimator.arena.string(slice)] = weight
        }
        return result
    }

    /// What happens to the columns of this transformer.
    func stages(
        _ estimator: EstimatorAttributes,
        width: Int,
        _ model: inout ModelBuilder
    ) throws(SklearnError) -> [any Stage] {
        var stages: [any Stage] = []
        var columns = width
        // A file may name one transformer many times, and they nest: each use costs.
        try model.charge(1_024, estimator)
        if !isPassedThrough {
            (stages, columns) = try model.branch(parts[1], width: width, of: estimator)
        }
        guard let weight else { return stages }
        try model.charge(2 * columns, estimator)
        let scale = Array(repeating: weight, count: columns)
        stages.append(Rescale(scale: scale, offset: Array(repeating: 0, count: columns)))
        return stages
    }
}
