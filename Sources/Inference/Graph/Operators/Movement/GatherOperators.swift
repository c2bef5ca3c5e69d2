/// Slices of a tensor along an axis, chosen by their positions.
enum GatherOperator: GraphOperator {
    static let name = "Gather"
    static let versions = [1, 11, 13]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let indices = try call.tensor(1)
        let axis = try call.axis(try call.int("axis", default: 0), rank: input.rank)
        let picks = try positions(indices, size: input.shape[axis])
        let shape = input.shape[..<axis] + indices.shape + input.shape[(axis + 1)...]
        guard try call.count(of: Array(shape)) > 0 else {
            let empty = try input.storage.applying(BlockGather(starts: [], width: 1))
            return [.tensor(try Tensor(shape: Array(shape), empty))]
        }
        let width = input.shape[(axis + 1)...].reduce(1, *)
        var starts: [Int] = []
        let rowCount = input.shape[..<axis].reduce(1, *)
        starts.reserveCapacity(rowCount * picks.count)
        for row in 0..<rowCount {
            let base = row * input.shape[axis]
            for pick in picks { starts.append((base + pick) * width) }
        }
        let storage = try input.storage.applying(BlockGather(starts: starts, width: width))
        return [.tensor(try Tensor(shape: Array(shape), storage, limits: call.limits))]
    }

    /// Positions that may count from the end, as positions from the front.
    ///
    /// - Throws: `GraphError` for positions that are out of range.
    static func positions(_ indices: Tensor, size: Int) throws(GraphError) -> [Int] {
        var positions = try indices.integers()
        for index in positions.indices {
            let position = positions[index]
            guard position >= -size, position < size else {
                throw GraphError(.shape, "index \(position) on an axis of size \(size)")
            }
            if position < 0 { positions[index] = position + size }
        }
        return positions
    }
}

/// Elements of a tensor, each chosen by its position along an axis.
enum GatherElementsOperator: GraphOperator {
    static let name = "GatherElements"
    static let versions = [11, 13]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let indices = try call.tensor(1)
        let axis = try call.axis(try call.int("axis", default: 0), rank: input.rank)
        let fits =
            indices.rank == input.rank
            && input.shape.indices.allSatisfy {
                $0 == axis || indices.shape[$0] <= input.shape[$0]
            }
        guard fits else {
            throw GraphError(
                .shape,
                "indices of shape \(Tensor.text(indices.shape)) do not fit a tensor of shape "
                    + Tensor.text(input.shape)
            )
        }
        var starts = try GatherOperator.positions(indices, size: input.shape[axis])
        let strides = input.strides
        let own = indices.strides
        for index in starts.indices {
            var position = starts[index] * strides[axis]
            for other in strides.indices where other != axis {
                position += index / own[other] % indices.shape[other] * strides[other]
            }
            starts[index] = position
        }
        let storage = try input.storage.applying(BlockGather(starts: starts, width: 1))
        return [.tensor(try Tensor(shape: indices.shape, storage))]
    }
}

/// Slices along an axis, or elements, for which a condition is true.
enum CompressOperator: GraphOperator {
    static let name = "Compress"
    static let versions = [9, 11]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        var input = try call.tensor(0)
        let condition = try call.tensor(1)
        guard case .bool(let flags) = condition.storage, condition.rank == 1 else {
            throw GraphError(.shape, "the condition is no list of booleans")
        }
        let axis: Int
        if let given = try call.int("axis") {
            axis = try call.axis(given, rank: input.rank)
        } else {
            input = try input.reshaped([input.count])
            axis = 0
        }
        let size = input.shape[axis]
        let picks = flags.indices.filter { flags[$0] }
        guard picks.last ?? 0 < max(size, 1) else {
            throw GraphError(.shape, "the condition is longer than the axis of size \(size)")
        }
        var shape = input.shape
        shape[axis] = picks.count
        let width = input.shape[(axis + 1)...].reduce(1, *)
        var starts: [Int] = []
        if input.count > 0 {
            for row in 0..<input.shape[..<axis].reduce(1, *) {
                for pick in picks { starts.append((row * size + pick) * width) }
            }
        }
        let storage = try input.storage.applying(BlockGather(starts: starts, width: width))
        return [.tensor(try Tensor(shape: shape, storage))]
    }
}

/// The positions of the elements that are not zero, one column each.
enum NonZeroOperator: GraphOperator {
    static let name = "NonZero"
    static let versions = [9, 13]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        var flags: [Bool] = []
        if case .string(let values) = input.storage {
            flags = values.map { !$0.isEmpty }
        } else if case .bool(let values) = try NumberCast.cast(input.storage, to: .bool) {
            flags = values
        }
        let positions = flags.indices.filter { flags[$0] }
        let shape = [input.rank, positions.count]
        _ = try call.count(of: shape)
        let strides = input.strides
        var results: [Int64] = []
        for axis in strides.indices {
            for position in positions {
                results.append(Int64(position / strides[axis] % input.shape[axis]))
            }
        }
        return [.tensor(try Tensor(shape: shape, .int64(results)))]
    }
}
