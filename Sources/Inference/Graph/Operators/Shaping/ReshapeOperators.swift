/// The same elements in another shape; 0 keeps a size and -1 is what is left.
enum ReshapeOperator: GraphOperator {
    static let name = "Reshape"
    static let versions = [1, 5, 13, 14, 19, 21, 23, 24, 25]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let wanted =
            call.version < 5
            ? try call.ints("shape") ?? [] : try call.tensor(1).integers()
        let keepsZero = try call.flag("allowzero", default: false)
        var shape = wanted
        var open: Int?
        for (axis, size) in wanted.enumerated() {
            if size == 0, !keepsZero {
                guard axis < input.rank else {
                    throw GraphError(.shape, "size 0 on axis \(axis), which the input has not")
                }
                shape[axis] = input.shape[axis]
            } else if size == -1, open == nil {
                open = axis
                shape[axis] = 1
            }
        }
        if let open {
            let known = try call.count(of: shape)
            guard known > 0, input.count % known == 0 else {
                throw GraphError(
                    .shape,
                    "\(input.count) elements do not fill the shape \(Tensor.text(wanted))"
                )
            }
            shape[open] = input.count / known
        }
        return [.tensor(try Tensor(shape: shape, input.storage, limits: call.limits))]
    }
}

/// A matrix: the axes before a position as rows, those after as columns.
enum FlattenOperator: GraphOperator {
    static let name = "Flatten"
    static let versions = [1, 9, 11, 13, 21, 23, 24, 25]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let given = try call.int("axis", default: 1)
        // The position after the last axis is allowed.
        let axis = given < 0 ? given + input.rank : given
        guard given >= -input.rank, axis <= input.rank else {
            throw GraphError(.shape, "axis \(given) of a tensor of rank \(input.rank)")
        }
        let rows = input.shape[..<axis].reduce(1, *)
        let columns = input.shape[axis...].reduce(1, *)
        return [.tensor(try input.reshaped([rows, columns]))]
    }
}

/// The tensor without axes of size 1.
enum SqueezeOperator: GraphOperator {
    static let name = "Squeeze"
    static let versions = [1, 11, 13, 21, 23, 24, 25]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let given = try UnsqueezeOperator.axes(call)
        var dropped: Set<Int> = []
        if let given {
            for axis in given { dropped.insert(try call.axis(axis, rank: input.rank)) }
        } else {
            dropped = Set(input.shape.indices.filter { input.shape[$0] == 1 })
        }
        if let axis = dropped.first(where: { input.shape[$0] != 1 }) {
            throw GraphError(.shape, "axis \(axis) has the size \(input.shape[axis]), not 1")
        }
        let shape = input.shape.indices.filter { !dropped.contains($0) }.map { input.shape[$0] }
        return [.tensor(try input.reshaped(shape))]
    }
}

/// The tensor with more axes of size 1.
enum UnsqueezeOperator: GraphOperator {
    static let name = "Unsqueeze"
    static let versions = [1, 11, 13, 21, 23, 24, 25]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        guard let given = try axes(call) else { throw GraphError(.invalid, "axes are missing") }
        let rank = input.rank + given.count
        guard rank <= call.limits.rankMax else { throw GraphError(.limit, "rank \(rank)") }
        var added: Set<Int> = []
        for axis in given {
            guard added.insert(try call.axis(axis, rank: rank)).inserted else {
                throw GraphError(.shape, "axis \(axis) is added twice")
            }
        }
        var sizes = input.shape.makeIterator()
        let shape = (0..<rank).map { added.contains($0) ? 1 : sizes.next() ?? 1 }
        return [.tensor(try input.reshaped(shape))]
    }

    /// An attribute before version 13, an input since.
    ///
    /// - Throws: `GraphError` if they are no integers.
    static func axes(_ call: OperatorCall) throws(GraphError) -> [Int]? {
        call.version < 13 ? try call.ints("axes") : try call.optionalTensor(1)?.integers()
    }
}
