/// The largest or smallest elements along an axis, and their positions; equal ones in order.
enum TopKOperator: GraphOperator {
    static let name = "TopK"
    static let versions = [1, 10, 11, 24]
    static let widensHalves = true

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let axis = try call.axis(try call.int("axis", default: -1), rank: input.rank)
        let wanted = call.version < 10 ? try call.int("k") : try call.tensor(1).integers().first
        guard let count = wanted, count >= 0, count <= input.shape[axis] else {
            throw GraphError(
                .shape,
                "the first \(wanted ?? 0) of \(input.shape[axis]) elements on axis \(axis)"
            )
        }
        let order = Order(
            lanes: Lanes(shape: input.shape, axis: axis),
            count: count,
            wantsLargest: try call.flag("largest", default: true)
        )
        let picks: [Int]
        switch input.storage {
        case .float(let values): picks = order.picks(values)
        case .double(let values): picks = order.picks(values)
        case .int64(let values): picks = order.picks(values)
        case .int32(let values): picks = order.picks(values)
        case .int16(let values): picks = order.picks(values)
        case .int8(let values): picks = order.picks(values)
        case .uint64(let values): picks = order.picks(values)
        case .uint32(let values): picks = order.picks(values)
        case .uint16(let values): picks = order.picks(values)
        case .uint8(let values): picks = order.picks(values)
        default: throw TypeMismatch.error(input)
        }
        var shape = input.shape
        shape[axis] = count
        return try outputs(input, picks, order, shape)
    }

    /// Picks are in the order of the lanes; the outputs have them along the axis.
    private static func outputs(
        _ input: Tensor,
        _ picks: [Int],
        _ order: Order,
        _ shape: [Int]
    ) throws(GraphError) -> [GraphValue] {
        let lanes = order.lanes
        var starts = [Int](repeating: 0, count: picks.count)
        var positions = [Int64](repeating: 0, count: picks.count)
        for lane in 0..<(order.count == 0 ? 0 : lanes.count) {
            let source = lanes.start(lane)
            let target = lane / lanes.step * lanes.step * order.count + lane % lanes.step
            for rank in 0..<order.count {
                let pick = picks[lane * order.count + rank]
                starts[target + rank * lanes.step] = source + pick * lanes.step
                positions[target + rank * lanes.step] = Int64(pick)
            }
        }
        let values = try input.storage.applying(BlockGather(starts: starts, width: 1))
        return [
            .tensor(try Tensor(shape: shape, values)),
            .tensor(try Tensor(shape: shape, .int64(positions))),
        ]
    }

    private struct Order {
        let lanes: Lanes
        let count: Int
        let wantsLargest: Bool

        /// For each lane the positions of its first elements.
        @inline(__always)
        func picks<T: Comparable>(_ values: [T]) -> [Int] {
            guard count > 0, lanes.size > 0 else { return [] }
            var picks: [Int] = []
            picks.reserveCapacity(lanes.count * count)
            for lane in 0..<lanes.count {
                let start = lanes.start(lane)
                if count <= 32 {
                    insert(values, start, &picks)
                } else {
                    let order = (0..<lanes.size).sorted { left, right in
                        let a = values[start + left * lanes.step]
                        let b = values[start + right * lanes.step]
                        return precedes(a, b) || (!precedes(b, a) && left < right)
                    }
                    picks.append(contentsOf: order[..<count])
                }
            }
            return picks
        }

        /// Keeps the best so far in order; quick where few of many are wanted.
        @inline(__always)
        private func insert<T: Comparable>(_ values: [T], _ start: Int, _ picks: inout [Int]) {
            let base = picks.count
            for index in 0..<lanes.size {
                let value = values[start + index * lanes.step]
                let isFull = picks.count - base == count
                if isFull {
                    let last = picks[picks.count - 1]
                    guard precedes(value, values[start + last * lanes.step]) else { continue }
                    picks.removeLast()
                }
                var place = picks.count
                while place > base,
                    precedes(value, values[start + picks[place - 1] * lanes.step])
                {
                    place -= 1
                }
                picks.insert(index, at: place)
            }
        }

        /// NaN counts as larger than every number.
        @inline(__always)
        private func precedes<T: Comparable>(_ a: T, _ b: T) -> Bool {
            if a != a || b != b { return wantsLargest ? a != a && b == b : a == a && b != b }
            return wantsLargest ? a > b : a < b
        }
    }
}
