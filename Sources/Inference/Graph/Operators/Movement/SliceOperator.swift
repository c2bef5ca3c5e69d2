/// Parts of a tensor between starts and ends, in steps.
enum SliceOperator: GraphOperator {
    static let name = "Slice"
    static let versions = [1, 10, 11, 13]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let (starts, ends, axes, steps) = try bounds(call)
        guard starts.count == ends.count, starts.count == axes?.count ?? starts.count,
            starts.count == steps?.count ?? starts.count, starts.count <= input.rank
        else { throw GraphError(.shape, "starts, ends, axes and steps have different lengths") }
        var shape = input.shape
        var strides = input.strides
        var offset = 0
        var seen: Set<Int> = []
        for (index, start) in starts.enumerated() {
            let axis = try call.axis(axes?[index] ?? index, rank: input.rank)
            guard seen.insert(axis).inserted else {
                throw GraphError(.shape, "axis \(axis) is sliced twice")
            }
            let cut = try cut(start, ends[index], steps?[index] ?? 1, size: shape[axis])
            offset += cut.first * strides[axis]
            shape[axis] = cut.count
            // The distance to a second element matters only if there is one.
            strides[axis] = cut.count > 1 ? strides[axis] * (steps?[index] ?? 1) : 0
        }
        return [.tensor(try input.strided(shape, strides, offset: offset))]
    }

    private static func bounds(
        _ call: OperatorCall
    ) throws(GraphError) -> (starts: [Int], ends: [Int], axes: [Int]?, steps: [Int]?) {
        if call.version < 10 {
            guard let starts = try call.ints("starts"), let ends = try call.ints("ends") else {
                throw GraphError(.invalid, "attributes starts and ends are missing")
            }
            return (starts, ends, try call.ints("axes"), nil)
        }
        return (
            try call.tensor(1).integers(), try call.tensor(2).integers(),
            try call.optionalTensor(3)?.integers(), try call.optionalTensor(4)?.integers()
        )
    }

    private static func cut(
        _ start: Int,
        _ end: Int,
        _ step: Int,
        size: Int
    ) throws(GraphError) -> (first: Int, count: Int) {
        guard step != 0, step != Int.min else { throw GraphError(.shape, "a step is \(step)") }
        let from = start < 0 ? start &+ size : start
        // The smallest numbers stand for "to the front" when going backwards.
        let to = end < 0 ? (end < -size ? -1 : end + size) : end
        if step > 0 {
            let first = min(max(from, 0), size)
            let last = min(max(end < -size ? 0 : to, 0), size)
            guard last > first else { return (0, 0) }
            return (first, (last - first - 1) / step + 1)
        }
        let first = min(max(from, -1), size - 1)
        let last = min(max(to, -1), size - 1)
        guard first > last else { return (0, 0) }
        return (first, (first - last - 1) / -step + 1)
    }
}
