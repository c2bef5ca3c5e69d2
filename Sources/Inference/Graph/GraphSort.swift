/// Puts nodes into an order in which every input is there before it is needed.
enum GraphSort {
    /// The nodes in an order of evaluation that keeps theirs where it can.
    ///
    /// - Throws: `GraphError` for cycles, and for values without an origin or with two.
    static func sorted(
        _ nodes: [GraphNode],
        origins: [Int],
        valueCount: Int
    ) throws(GraphError) -> [GraphNode] {
        let producers = try producers(of: nodes, origins: origins, valueCount: valueCount)
        guard try !isSorted(nodes, producers: producers) else { return nodes }
        var waiting = [Int](repeating: 0, count: nodes.count)
        var followers = [[Int]](repeating: [], count: nodes.count)
        for (index, node) in nodes.enumerated() {
            for value in node.inputs where value >= 0 && producers[value] >= 0 {
                waiting[index] += 1
                followers[producers[value]].append(index)
            }
        }
        var order = nodes.indices.filter { waiting[$0] == 0 }
        var next = 0
        while next < order.count {
            for follower in followers[order[next]] {
                waiting[follower] -= 1
                if waiting[follower] == 0 { order.append(follower) }
            }
            next += 1
        }
        if let stuck = nodes.indices.first(where: { waiting[$0] > 0 }) {
            throw GraphError(.invalid, "the graph has a cycle").at(nodes[stuck].place(stuck))
        }
        return order.map { nodes[$0] }
    }

    private static let isGiven = -2
    private static let isMissing = -1

    /// The node that makes each value; -2 for inputs and constants.
    private static func producers(
        of nodes: [GraphNode],
        origins: [Int],
        valueCount: Int
    ) throws(GraphError) -> [Int] {
        guard valueCount >= 0 else { throw GraphError(.invalid, "\(valueCount) values") }
        var producers = [Int](repeating: isMissing, count: valueCount)
        for value in origins {
            guard value >= 0, value < valueCount, producers[value] == isMissing else {
                throw GraphError(.invalid, "value \(value) is given twice or is out of range")
            }
            producers[value] = isGiven
        }
        for (index, node) in nodes.enumerated() {
            for value in node.outputs where value != -1 {
                guard value >= 0, value < valueCount, producers[value] == isMissing else {
                    throw GraphError(.invalid, "an output has a second origin, or is out of range")
                        .at(node.place(index))
                }
                producers[value] = index
            }
        }
        return producers
    }

    private static func isSorted(
        _ nodes: [GraphNode],
        producers: [Int]
    ) throws(GraphError) -> Bool {
        var isSorted = true
        for (index, node) in nodes.enumerated() {
            for (position, value) in node.inputs.enumerated() where value != -1 {
                guard value >= 0, value < producers.count, producers[value] != isMissing else {
                    throw GraphError(.invalid, "input \(position) is made by no node")
                        .at(node.place(index))
                }
                if producers[value] >= index { isSorted = false }
            }
        }
        return isSorted
    }
}
