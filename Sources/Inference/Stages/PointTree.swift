/// A k-d tree: node i has the children 2i + 1 and 2i + 2.
public struct PointTree: Sendable, Equatable {
    /// The points of each node, and whether it has no children (1, else 0).
    public var starts: [UInt32]
    public var ends: [UInt32]
    public var leaves: [UInt32]
    /// The box of each node; shape `[nodes, columns]`, row-major.
    public var lower: [Double]
    public var upper: [Double]

    public init(
        starts: [UInt32],
        ends: [UInt32],
        leaves: [UInt32],
        lower: [Double],
        upper: [Double]
    ) {
        self.starts = starts
        self.ends = ends
        self.leaves = leaves
        self.lower = lower
        self.upper = upper
    }

    func check(points: Int, columnCount: Int) throws(InferenceError) {
        let count = starts.count
        guard count > 0, count <= 2 * points + 2, ends.count == count, leaves.count == count
        else { throw .invalid("the tree has \(count) nodes for \(points) training rows") }
        try StageCheck.vector(lower, count * columnCount, "lower bounds")
        try StageCheck.vector(upper, count * columnCount, "upper bounds")
        // The leaves that are reached have to hold every row exactly once.
        var seen = Array(repeating: false, count: points)
        var pending = [0]
        while let node = pending.popLast() {
            guard node < count else { throw .invalid("node \(node) of the tree is missing") }
            guard leaves[node] == 0 else {
                let (start, end) = (Int(starts[node]), Int(ends[node]))
                guard start <= end, end <= points else {
                    throw .invalid("node \(node) of the tree has rows \(start) to \(end)")
                }
                for index in start..<end {
                    guard !seen[index] else { throw .invalid("a row is in the tree twice") }
                    seen[index] = true
                }
                continue
            }
            pending.append(2 * node + 1)
            pending.append(2 * node + 2)
        }
        guard !seen.contains(false) else { throw .invalid("a row is not in the tree") }
    }
}
