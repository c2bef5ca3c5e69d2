/// One node of a decision tree: a question about a column, or a leaf.
public struct TreeNode: Sendable, Equatable {
    /// The children's indexes in the tree; -1 in a leaf.
    public var left: Int32
    public var right: Int32
    /// The column a row is asked about.
    public var feature: Int32
    /// A row goes left where its value is at most this.
    public var threshold: Double
    /// Where a missing value goes.
    public var missingGoesLeft: Bool
    /// The ``CategorySet`` asked for instead of the threshold; -1 for none.
    public var categorySet: Int32
    /// The row of the forest's values that a leaf gives.
    public var value: Int32

    /// A leaf that gives one row of the forest's values.
    public static func leaf(_ value: Int32) -> TreeNode {
        TreeNode(
            left: -1,
            right: -1,
            feature: 0,
            threshold: 0,
            missingGoesLeft: false,
            categorySet: -1,
            value: value
        )
    }

    /// A node whose rows go left where their value is at most a threshold.
    public static func split(
        feature: Int32,
        threshold: Double,
        left: Int32,
        right: Int32,
        missingGoesLeft: Bool = false
    ) -> TreeNode {
        TreeNode(
            left: left,
            right: right,
            feature: feature,
            threshold: threshold,
            missingGoesLeft: missingGoesLeft,
            categorySet: -1,
            value: 0
        )
    }

    /// The same question as `value < threshold`: at most the number just below.
    ///
    /// For values that are floats, the number below among floats.
    public static func below(_ threshold: Double, isFloat: Bool) -> Double {
        isFloat ? Double(Float(threshold).nextDown) : threshold.nextDown
    }

    public var isLeaf: Bool { left < 0 }
}

/// Categories 0...255 that go left, and all that were known in training.
///
/// A category that was not known goes where a missing value goes.
public struct CategorySet: Sendable, Equatable {
    public static let categoryCount = 256

    /// Eight words of 32 categories each, lowest bit first.
    public var left: [UInt32]
    public var known: [UInt32]

    public init(left: [UInt32], known: [UInt32]) {
        self.left = left
        self.known = known
    }

    /// Whether a value goes left.
    func goesLeft(_ value: Double, missingGoesLeft: Bool) -> Bool {
        guard value >= 0, value < Double(Self.categoryCount) else { return missingGoesLeft }
        let category = Int(value)
        let bit: UInt32 = 1 << UInt32(category % 32)
        if left[category / 32] & bit != 0 { return true }
        return known[category / 32] & bit != 0 ? false : missingGoesLeft
    }
}

/// A decision tree; its root is the first node.
public struct DecisionTree: Sendable, Equatable {
    public var nodes: [TreeNode]
    /// The forest's output column where this tree's values begin.
    public var column: Int

    public init(nodes: [TreeNode], column: Int = 0) {
        self.nodes = nodes
        self.column = column
    }

    /// The nodes a walk can reach, parents before children and siblings side by side.
    public struct Order: Sendable {
        /// Indexes of the nodes, the root first.
        public var nodes: [Int32] = [0]
        /// The steps from the root to the node at the same place.
        public var depths: [Int32] = [0]
        /// Why the nodes are no tree; nil when they are one.
        public var problem: String?

        public var depth: Int { Int(depths.last ?? 0) }

        /// Appends a child; false when there is no such node.
        fileprivate mutating func append(_ child: Int32, _ depth: Int32, of count: Int) -> Bool {
            guard child > 0, Int(child) < count else {
                problem = "a node's child is \(child) of \(count) nodes"
                return false
            }
            nodes.append(child)
            depths.append(depth)
            return true
        }
    }

    /// Finds the nodes level by level, as far as they are a tree.
    public func breadthFirst() -> Order {
        var order = Order()
        guard !nodes.isEmpty else {
            order.problem = "it has no nodes"
            return order
        }
        order.nodes.reserveCapacity(nodes.count)
        order.depths.reserveCapacity(nodes.count)
        var next = 0
        while next < order.nodes.count {
            let node = nodes[Int(order.nodes[next])]
            let depth = order.depths[next]
            next += 1
            if node.isLeaf { continue }
            guard order.append(node.left, depth + 1, of: nodes.count),
                order.append(node.right, depth + 1, of: nodes.count)
            else { return order }
            // A tree reaches each node once; with a cycle or a shared child it would be more.
            guard order.nodes.count <= nodes.count else {
                order.problem = "its nodes are no tree, for one has two parents"
                return order
            }
        }
        return order
    }

    /// The leaf that a row of values reaches; only for nodes that ``breadthFirst()`` accepts.
    func leaf(_ row: [Double], _ sets: [CategorySet]) -> TreeNode {
        var node = nodes[0]
        while !node.isLeaf {
            let value = row[Int(node.feature)]
            let isLeft: Bool
            if value.isNaN {
                isLeft = node.missingGoesLeft
            } else if node.categorySet >= 0 {
                let set = sets[Int(node.categorySet)]
                isLeft = set.goesLeft(value, missingGoesLeft: node.missingGoesLeft)
            } else {
                isLeft = value <= node.threshold
            }
            node = nodes[Int(isLeft ? node.left : node.right)]
        }
        return node
    }
}

/// The bounds of one forest.
enum ForestLimits {
    static let treeCountMax = 1_000_000
    /// Nodes of all trees together.
    static let nodeCountMax = 1 << 26
}
