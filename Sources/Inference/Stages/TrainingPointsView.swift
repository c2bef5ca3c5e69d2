/// Training rows in packed bytes, with the search for the nearest of them.
struct TrainingPointsView {
    let count: Int
    let columnCount: Int
    let metric: DistanceMetric
    let values: UnsafePointer<Double>
    private let nodeCount: Int
    private let lower: UnsafePointer<Double>
    private let upper: UnsafePointer<Double>
    private let starts: UnsafePointer<UInt32>
    private let ends: UnsafePointer<UInt32>
    private let leaves: UnsafePointer<UInt32>

    init(_ reader: inout StageReader, columnCount: Int) throws(InferenceError) {
        self.columnCount = columnCount
        count = try reader.count(atMost: ModelLimits.supportVectorCountMax, "training rows")
        guard count > 0 else { throw reader.corrupt("it has no training rows") }
        let kind = try reader.integer(UInt32.self)
        guard let kind = DistanceMetric.Kind(rawValue: kind) else {
            throw reader.corrupt("there is no distance \(kind)")
        }
        nodeCount = try reader.count(atMost: 2 &* count &+ 2, "the nodes of the tree")
        _ = try reader.integer(UInt32.self)
        metric = DistanceMetric(kind, power: try reader.finite("the power"))
        values = try reader.doubles(count &* columnCount)
        lower = try reader.doubles(nodeCount &* columnCount)
        upper = try reader.doubles(nodeCount &* columnCount)
        starts = try reader.uint32s(nodeCount)
        ends = try reader.uint32s(nodeCount)
        leaves = try reader.uint32s(nodeCount)
        try reader.align(to: 8)
    }

    /// Rows whose distances are computed at once.
    static let blockCount = 64
    /// More than the nodes that can wait: one for each level of a tree of 2^32 nodes.
    private static let waitingCount = 40

    /// The nearest rows, found as scikit-learn finds them, so that equal distances give the same.
    ///
    /// `heap` has to be empty; afterwards it holds the nearest rows with reduced distances.
    func search(_ row: UnsafePointer<Double>, _ heap: inout NeighbourHeap) {
        guard nodeCount > 0 else {
            scan(row, 0..<count, &heap)
            return
        }
        // The nearer child is looked at first and completely, then the other one if it can
        // still hold a nearer row.
        withUnsafeTemporaryAllocation(of: (Int, Double).self, capacity: Self.waitingCount) {
            waiting in
            guard let stack = waiting.baseAddress else { return }
            stack.initialize(repeating: (0, 0), count: Self.waitingCount)
            stack[0] = (0, bound(0, row))
            var depth = 1
            while depth > 0 {
                depth &-= 1
                let (node, distance) = stack[depth]
                guard !(distance > heap.farthest) else { continue }
                let (left, right) = (2 &* node &+ 1, 2 &* node &+ 2)
                guard leaves[node] == 0, right < nodeCount, depth &+ 2 <= Self.waitingCount
                else {
                    let end = min(Int(ends[node]), count)
                    scan(row, min(Int(starts[node]), end)..<end, &heap)
                    continue
                }
                let (first, second) = (bound(left, row), bound(right, row))
                let isLeftFirst = first <= second
                stack[depth] = isLeftFirst ? (right, second) : (left, first)
                stack[depth &+ 1] = isLeftFirst ? (left, first) : (right, second)
                depth &+= 2
            }
        }
    }

    private func scan(
        _ row: UnsafePointer<Double>,
        _ range: Range<Int>,
        _ heap: inout NeighbourHeap
    ) {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: Self.blockCount) { memory in
            guard let distances = memory.baseAddress else { return }
            var start = range.lowerBound
            while start < range.upperBound {
                let end = min(start &+ Self.blockCount, range.upperBound)
                reducedDistances(row, start..<end, distances)
                for index in start..<end {
                    heap.push(distances[index &- start], Int32(truncatingIfNeeded: index))
                }
                start = end
            }
        }
    }

    /// Reduced distances to a range of rows, each the sum over the columns in order.
    func reducedDistances(
        _ row: UnsafePointer<Double>,
        _ range: Range<Int>,
        _ results: UnsafeMutablePointer<Double>
    ) {
        switch metric.kind {
        case .euclidean: each(row, range, results) { $0 + $1 * $1 }
        case .manhattan: each(row, range, results) { $0 + abs($1) }
        case .chebyshev: each(row, range, results) { max($0, abs($1)) }
        case .minkowski: each(row, range, results) { [metric] in metric.add($1, to: $0) }
        }
    }

    /// Four rows at a time, whose sums do not wait for each other.
    @inline(__always)
    private func each(
        _ row: UnsafePointer<Double>,
        _ range: Range<Int>,
        _ results: UnsafeMutablePointer<Double>,
        _ add: (Double, Double) -> Double
    ) {
        let width = columnCount
        var point = values + range.lowerBound &* width
        var index = 0
        while index &+ 4 <= range.count {
            var (a, b, c, d) = (0.0, 0.0, 0.0, 0.0)
            for column in 0..<width {
                let x = row[column]
                a = add(a, x - point[column])
                b = add(b, x - point[width &+ column])
                c = add(c, x - point[2 &* width &+ column])
                d = add(d, x - point[3 &* width &+ column])
            }
            results[index] = a
            results[index &+ 1] = b
            results[index &+ 2] = c
            results[index &+ 3] = d
            index &+= 4
            point += 4 &* width
        }
        while index < range.count {
            var sum = 0.0
            for column in 0..<width { sum = add(sum, row[column] - point[column]) }
            results[index] = sum
            index &+= 1
            point += width
        }
    }

    /// The smallest reduced distance that a row in a node's box can have.
    ///
    /// - Source: scikit-learn, neighbors/_kd_tree.pyx, min_rdist.
    private func bound(_ node: Int, _ row: UnsafePointer<Double>) -> Double {
        let (low, high) = (lower + node &* columnCount, upper + node &* columnCount)
        var result = 0.0
        for column in 0..<columnCount {
            let below = low[column] - row[column]
            let above = row[column] - high[column]
            let outside = 0.5 * ((below + abs(below)) + (above + abs(above)))
            result = metric.add(outside, to: result)
        }
        return result
    }
}

extension TrainingPointsView {
    /// Finds the nearest training rows of each row.
    func forEachRow(
        _ rows: StageRows,
        neighbours: Int,
        _ body: (Int, NeighbourHeap) -> Void
    ) {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: neighbours) { distances in
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: neighbours) { indexes in
                guard let distances = distances.baseAddress, let indexes = indexes.baseAddress
                else { return }
                var heap = NeighbourHeap(
                    count: neighbours,
                    distances: distances,
                    indexes: indexes
                )
                for row in 0..<rows.count {
                    heap.clear()
                    search(rows.values + row &* columnCount, &heap)
                    body(row, heap)
                }
            }
        }
    }
}
