/// The training rows that a neighbour model keeps, and how they are searched.
public struct TrainingPoints: Sendable, Equatable {
    public var metric: DistanceMetric
    public var columnCount: Int
    /// Shape `[count, columnCount]`, row-major, in the order in which a search looks at them.
    public var values: [Double]
    /// scikit-learn's k-d tree over the rows; nil when it looks at every row.
    public var tree: PointTree?

    public init(
        metric: DistanceMetric,
        columnCount: Int,
        values: [Double],
        tree: PointTree? = nil
    ) {
        self.metric = metric
        self.columnCount = columnCount
        self.values = values
        self.tree = tree
    }

    var count: Int { columnCount > 0 ? values.count / columnCount : 0 }

    /// Checks the sizes and that every number is finite.
    func check(inputCount: Int) throws(InferenceError) {
        guard columnCount == inputCount else {
            throw .invalid("the training rows have \(columnCount) columns, not \(inputCount)")
        }
        guard count > 0, count <= ModelLimits.supportVectorCountMax else {
            throw .invalid("there are \(count) training rows")
        }
        try StageCheck.vector(values, count * columnCount, "training rows")
        guard metric.kind != .minkowski || (metric.power > 0 && metric.power.isFinite) else {
            throw .invalid("the power of the distance is \(metric.power)")
        }
        try tree?.check(points: count, columnCount: columnCount)
    }

    func encode(into writer: inout StageWriter) {
        writer.put(UInt32(count))
        writer.put(metric.kind.rawValue)
        writer.put(UInt32(tree?.starts.count ?? 0))
        writer.put(UInt32(0))
        writer.put(metric.power)
        writer.put(values)
        guard let tree else { return }
        writer.put(tree.lower)
        writer.put(tree.upper)
        writer.put(tree.starts)
        writer.put(tree.ends)
        writer.put(tree.leaves)
        writer.align(to: 8)
    }

    /// The nearest rows with their distances, nearest first and equal ones in order.
    func nearest(_ row: [Double], _ wanted: Int) -> [(index: Int, distance: Double)] {
        let all = (0..<count).map { index in
            let point = values[index * columnCount..<(index + 1) * columnCount]
            return (index: index, distance: metric(row, point))
        }
        return Array(
            all.sorted { ($0.distance, $0.index) < ($1.distance, $1.index) }.prefix(wanted)
        )
    }
}
