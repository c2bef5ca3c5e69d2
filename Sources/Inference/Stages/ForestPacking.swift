/// Lays out the nodes of a forest as `CVectorForest.h` describes them.
struct ForestPacking {
    static let lanes = 8
    static let narrowColumnsMax = 254
    /// Bits of a narrow node's link that hold the left child, without the one for missing values.
    static let narrowIndexBits = 23
    static let missingLeft: UInt32 = 1 << 31
    static let categorical: UInt32 = 1 << 30

    /// One `CVectorForestGroup`: 20 words.
    static let groupWords = 20

    private let forest: Forest
    private let inputCount: Int
    /// What a walk can reach of each tree.
    private let orders: [DecisionTree.Order]
    /// Whether nodes are 16 bytes and not 8.
    let isWide: Bool
    private(set) var groups: [UInt32] = []
    private(set) var nodes: [UInt32] = []
    private(set) var maxDepth = 0
    private(set) var reachedCount = 0
    private(set) var hasMissingLeft = false
    /// Rows of leaf values without repetition.
    private(set) var values: [Double] = []
    private var valueIndexes: [UInt32] = []

    /// Packs a forest that passed its checks.
    init(_ forest: Forest, inputCount: Int) {
        self.forest = forest
        self.inputCount = inputCount
        orders = forest.trees.map { $0.breadthFirst() }
        var largest = 0
        for start in stride(from: 0, to: orders.count, by: Self.lanes) {
            let end = min(start + Self.lanes, orders.count)
            largest = max(largest, orders[start..<end].reduce(0) { $0 + $1.nodes.count })
        }
        isWide =
            !forest.roundsToFloat || !forest.categorySets.isEmpty
            || inputCount > Self.narrowColumnsMax || largest > 1 << (Self.narrowIndexBits - 1)
            || forest.values.count / forest.valueWidth > 1 << Self.narrowIndexBits
        uniteValues()
        for start in stride(from: 0, to: orders.count, by: Self.lanes) {
            pack(start..<min(start + Self.lanes, orders.count))
        }
        // The mask of a group may reach beyond its nodes, but not beyond all nodes.
        var needed = 0
        for group in stride(from: 0, to: groups.count, by: Self.groupWords) {
            needed = max(needed, Int(groups[group]) + Int(groups[group + 1]) + 2)
        }
        nodes.append(contentsOf: repeatElement(0, count: needed * wordsPerNode - nodes.count))
    }

    private var wordsPerNode: Int { isWide ? 4 : 2 }
    var nodeCount: Int { nodes.count / wordsPerNode }

    /// Isolation forests and classifiers have few different leaves; these then stay in the cache.
    private mutating func uniteValues() {
        let width = forest.valueWidth
        guard width > 1 else { return uniteNumbers() }
        var known: [ArraySlice<UInt64>: UInt32] = [:]
        let bits = forest.values.map(\.bitPattern)
        for start in stride(from: 0, to: bits.count, by: width) {
            let row = bits[start..<(start + width)]
            if let index = known[row] {
                valueIndexes.append(index)
                continue
            }
            let index = UInt32(known.count)
            known[row] = index
            valueIndexes.append(index)
            values.append(contentsOf: forest.values[start..<(start + width)])
        }
    }

    private mutating func uniteNumbers() {
        var known: [UInt64: UInt32] = [:]
        valueIndexes.reserveCapacity(forest.values.count)
        for value in forest.values {
            if let index = known[value.bitPattern] {
                valueIndexes.append(index)
                continue
            }
            let index = UInt32(known.count)
            known[value.bitPattern] = index
            valueIndexes.append(index)
            values.append(value)
        }
    }

    private mutating func pack(_ trees: Range<Int>) {
        var roots: [UInt32] = []
        var columns: [UInt32] = []
        var depth = 0
        let start = nodeCount
        for index in trees {
            roots.append(UInt32(nodeCount - start))
            columns.append(UInt32(forest.trees[index].column))
            depth = max(depth, orders[index].depth)
            pack(forest.trees[index], orders[index].nodes, groupStart: start)
        }
        let count = nodeCount - start
        // Lanes without a tree walk the first one; nobody reads where they end.
        while roots.count < Self.lanes {
            roots.append(roots[0])
            columns.append(0)
        }
        var mask: UInt32 = 1
        while Int(mask) + 1 < count { mask = mask << 1 | 1 }
        groups += [UInt32(start), mask, UInt32(depth), UInt32(trees.count)] + roots + columns
        maxDepth = max(maxDepth, depth)
        reachedCount += count
    }

    private mutating func pack(_ tree: DecisionTree, _ order: [Int32], groupStart: Int) {
        let first = UInt32(nodeCount - groupStart)
        var nextChild = first + 1
        for (position, index) in order.enumerated() {
            let node = tree.nodes[Int(index)]
            if node.isLeaf {
                let value = valueIndexes[Int(node.value)]
                put(leaf: value, own: first + UInt32(position))
            } else {
                put(node, left: nextChild)
                nextChild += 2
            }
        }
    }

    private mutating func put(leaf value: UInt32, own: UInt32) {
        if isWide {
            put(Double(value))
            put(own, UInt32(inputCount))
        } else {
            // Not a subnormal number, which some processors are slow to compare.
            put(0x3F80_0000 | value, own << 8 | UInt32(inputCount))
        }
    }

    private mutating func put(_ node: TreeNode, left: UInt32) {
        if node.missingGoesLeft { hasMissingLeft = true }
        let missing = node.missingGoesLeft ? Self.missingLeft : 0
        guard isWide else {
            let threshold = Self.floor(node.threshold)
            put(threshold.bitPattern, missing | left << 8 | UInt32(node.feature))
            return
        }
        put(node.categorySet >= 0 ? Double(node.categorySet) : node.threshold)
        let kind = node.categorySet >= 0 ? Self.categorical : 0
        put(left, missing | kind | UInt32(node.feature))
    }

    private mutating func put(_ value: Double) {
        put(
            UInt32(truncatingIfNeeded: value.bitPattern),
            UInt32(truncatingIfNeeded: value.bitPattern >> 32)
        )
    }

    private mutating func put(_ first: UInt32, _ second: UInt32) {
        nodes.append(first)
        nodes.append(second)
    }

    /// The largest float that is not above a number: floats compare with both alike.
    static func floor(_ value: Double) -> Float {
        let nearest = Float(value)
        return Double(nearest) > value ? nearest.nextDown : nearest
    }
}
