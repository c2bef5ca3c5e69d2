/// The position of the largest or smallest element along an axis.
///
/// The first of equal ones unless the node asks for the last. The first NaN wins, as in the
/// standard's reference implementation.
protocol ArgOperator: GraphOperator {
    static func beats<T: Comparable>(_ value: T, _ best: T) -> Bool
}

extension ArgOperator {
    static var versions: [Int] { [1, 11, 12, 13] }
    static var widensHalves: Bool { true }

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let axis = try call.axis(try call.int("axis", default: 0), rank: input.rank)
        let takesLast = try call.flag("select_last_index", default: false)
        guard input.count == 0 || input.shape[axis] > 0 else {
            throw GraphError(.shape, "axis \(axis) has no elements")
        }
        var shape = input.shape
        if try call.flag("keepdims", default: true) {
            shape[axis] = 1
        } else {
            shape.remove(at: axis)
        }
        let lanes = Lanes(shape: input.shape, axis: axis)
        if lanes.size == 0, try call.count(of: shape) > 0 {
            throw GraphError(.shape, "axis \(axis) has no elements")
        }
        let results: [Int64]
        switch input.storage {
        case .float(let values): results = positions(values, lanes, takesLast)
        case .double(let values): results = positions(values, lanes, takesLast)
        case .int64(let values): results = positions(values, lanes, takesLast)
        case .int32(let values): results = positions(values, lanes, takesLast)
        case .int16(let values): results = positions(values, lanes, takesLast)
        case .int8(let values): results = positions(values, lanes, takesLast)
        case .uint64(let values): results = positions(values, lanes, takesLast)
        case .uint32(let values): results = positions(values, lanes, takesLast)
        case .uint16(let values): results = positions(values, lanes, takesLast)
        case .uint8(let values): results = positions(values, lanes, takesLast)
        default: throw TypeMismatch.error(input)
        }
        return [.tensor(try Tensor(shape: shape, .int64(results)))]
    }

    @inline(__always)
    private static func positions<T: Comparable>(
        _ values: [T],
        _ lanes: Lanes,
        _ takesLast: Bool
    ) -> [Int64] {
        guard lanes.size > 0 else { return [] }
        var results: [Int64] = []
        results.reserveCapacity(lanes.count)
        for lane in 0..<lanes.count {
            let start = lanes.start(lane)
            var best = 0
            var top = values[start]
            var position = start
            for index in 1..<max(lanes.size, 1) {
                position += lanes.step
                let value = values[position]
                // Only a NaN differs from itself.
                let isBetter =
                    top != top
                    ? takesLast && value != value
                    : value != value || beats(value, top) || (takesLast && value == top)
                if isBetter { (best, top) = (index, value) }
            }
            results.append(Int64(best))
        }
        return results
    }
}

/// The position of the largest element along an axis.
enum ArgMaxOperator: ArgOperator {
    static let name = "ArgMax"
    @inline(__always)
    static func beats<T: Comparable>(_ value: T, _ best: T) -> Bool { value > best }
}

/// The position of the smallest element along an axis.
enum ArgMinOperator: ArgOperator {
    static let name = "ArgMin"
    @inline(__always)
    static func beats<T: Comparable>(_ value: T, _ best: T) -> Bool { value < best }
}
