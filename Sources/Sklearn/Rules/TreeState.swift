internal import Inference

/// What the pickle of scikit-learn's k-d tree or ball tree holds.
struct TreeState {
    private let estimator: EstimatorAttributes
    private let name: StaticString
    private let items: [Int]
    let className: String

    /// Reads the tree in an attribute; nil when there is none.
    init?(_ estimator: EstimatorAttributes, _ name: StaticString) throws(SklearnError) {
        let arena = estimator.arena
        guard let value = estimator.find(name) else { return nil }
        guard case .object(_, let arguments, let state) = arena[value] else { return nil }
        guard state >= 0, case .tuple(let chain) = arena[state],
            case let items = try arena.items(chain, atMost: 16), items.count >= 12
        else { throw .malformed("\(name) of \(estimator.label) is not as scikit-learn writes it") }
        self.estimator = estimator
        self.name = name
        self.items = items
        // Its class is what its maker was called with.
        var className = ""
        if arguments >= 0, case .tuple(let made) = arena[arguments],
            let first = try arena.items(made, atMost: 4).first,
            case .global(_, let text) = arena[first]
        {
            className = arena.string(text)
        }
        self.className = className
    }

    /// Finite numbers of one part of the state; nil when there is no such part.
    func matrix(
        _ index: Int
    ) throws(SklearnError) -> (values: [Double], shape: PickleArray)? {
        guard index < items.count, case .array(let array) = estimator.arena[items[index]],
            let values = try estimator.anyNumbers(items[index], name)
        else { return nil }
        guard values.allSatisfy(\.isFinite) else {
            throw .malformed("\(name) of \(estimator.label) holds a number that is not finite")
        }
        return (values, array)
    }

    /// The rows in the order of the leaves, and the nodes; nil for another tree than a k-d tree.
    func nodes(
        rows: Int,
        columns: Int
    ) throws(SklearnError) -> (order: [Int], nodes: PointTree)? {
        guard className.hasPrefix("KDTree") else { return nil }
        let arena = estimator.arena
        guard let (places, _) = try matrix(1), places.count == rows,
            case .array(let records) = arena[items[2]], records.count <= 2 * rows + 2,
            let starts = try arena.numbers(records, field: "idx_start"),
            let ends = try arena.numbers(records, field: "idx_end"),
            let leaves = try arena.numbers(records, field: "is_leaf"),
            let (bounds, shape) = try matrix(3),
            bounds.count == 2 * records.count * columns, shape.rank == 3
        else { throw .malformed("\(name) of \(estimator.label) is not a whole k-d tree") }
        let order = try estimator.indexes(places, below: rows, "idx_array")
        guard Set(order).count == rows else {
            throw .malformed("\(name) of \(estimator.label) holds a training row twice")
        }
        let half = bounds.count / 2
        let nodes = PointTree(
            starts: try numbers(starts, atMost: rows),
            ends: try numbers(ends, atMost: rows),
            leaves: leaves.map { $0 == 0 ? 0 : 1 },
            lower: Array(bounds[..<half]),
            upper: Array(bounds[half...])
        )
        return (order, nodes)
    }

    private func numbers(
        _ values: [Double],
        atMost limit: Int
    ) throws(SklearnError) -> [UInt32] {
        var result: [UInt32] = []
        for value in values {
            guard let number = UInt32(exactly: value), Int(number) <= limit else {
                throw .malformed("\(name) of \(estimator.label) has a node at row \(value)")
            }
            result.append(number)
        }
        return result
    }
}
