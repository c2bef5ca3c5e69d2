/// Lays trees out for a ``ForestTable``, refusing nodes that are reached twice.
struct ForestBuilder {
    /// A branch or a leaf of the operator's own attributes.
    enum Item {
        case branch(
            feature: Int,
            mode: ForestTable.Mode,
            value: Double,
            missingGoesTrue: Bool,
            members: [Double],
            whenTrue: Int,
            whenFalse: Int
        )
        case leaf(votes: [(target: Int, weight: Double)])
    }

    private(set) var table = ForestTable()
    private let limits: GraphLimits

    init(limits: GraphLimits) { self.limits = limits }

    /// Appends the tree below a root; `item` gives what is at a position of the attributes.
    ///
    /// - Throws: `GraphError` when a tree loops, or reads a feature beyond the limit.
    mutating func append(
        root: Int,
        item: (Int) throws(GraphError) -> Item
    ) throws(GraphError) {
        table.roots.append(UInt32(table.keys.count))
        // What is to be laid out next, and the node whose false branch it is.
        var waiting: [(position: Int, parent: Int?)] = [(root, nil)]
        while let (position, parent) = waiting.popLast() {
            let index = table.keys.count
            // A tree that shares or repeats nodes would grow without end.
            guard index <= limits.nodeCountMax * 16 else {
                throw GraphError(.limit, "the trees have more than \(index) nodes")
            }
            if let parent { table.links[parent] = UInt32(index) }
            switch try item(position) {
            case .leaf(let votes): put(votes)
            case .branch(let feature, let mode, let value, let missing, let members, let a, let b):
                guard feature >= 0, feature < 1 << 28 else {
                    throw GraphError(.invalid, "a node reads feature \(feature)")
                }
                table.featureCount = max(table.featureCount, feature + 1)
                let set = UInt64(table.members.count) << 32 | UInt64(members.count)
                table.values.append(mode == .member ? Double(bitPattern: set) : value)
                table.members.append(contentsOf: members)
                table.keys.append(
                    ForestTable.key(feature: feature, mode: mode, missingGoesTrue: missing)
                )
                table.links.append(0)
                waiting.append((b, index))
                waiting.append((a, nil))
            }
        }
    }

    private mutating func put(_ votes: [(target: Int, weight: Double)]) {
        let isSingle = votes.count == 1
        table.keys.append(
            UInt32(truncatingIfNeeded: votes.count) << 4 | ForestTable.Mode.leaf.rawValue
        )
        table.values.append(isSingle ? votes[0].weight : 0)
        table.links.append(UInt32(isSingle ? votes[0].target : table.voteTargets.count))
        guard !isSingle else { return }
        for vote in votes {
            table.voteTargets.append(UInt32(vote.target))
            table.voteWeights.append(vote.weight)
        }
    }

    /// The table with its settings.
    func finished(_ change: (inout ForestTable) -> Void) -> ForestTable {
        var table = table
        change(&table)
        return table
    }
}
