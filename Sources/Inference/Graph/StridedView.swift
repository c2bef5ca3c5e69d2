/// Picks elements along strides, which may be zero to repeat or negative to turn around.
struct StridedView: StorageTransform {
    private let offset: Int
    private let sizes: [Int]
    private let strides: [Int]
    private let count: Int

    /// The caller has checked that the shape is within the limits and all picks within the source.
    init(shape: [Int], strides: [Int], offset: Int = 0) {
        self.offset = offset
        count = shape.reduce(1, *)
        var merged: (sizes: [Int], strides: [Int]) = ([], [])
        for axis in shape.indices where shape[axis] != 1 {
            if let last = merged.sizes.indices.last,
                merged.strides[last] == strides[axis] * shape[axis]
            {
                merged.sizes[last] *= shape[axis]
                merged.strides[last] = strides[axis]
            } else {
                merged.sizes.append(shape[axis])
                merged.strides.append(strides[axis])
            }
        }
        (sizes, self.strides) = merged
    }

    func callAsFunction<E: TensorElement>(_ values: [E]) -> [E] {
        var results: [E] = []
        guard count > 0 else { return results }
        results.reserveCapacity(count)
        var walk = RowWalk(sizes: sizes, leftStrides: strides, rightStrides: strides)
        while results.count < count {
            let start = offset + walk.left
            if walk.leftStep == 1 {
                results.append(contentsOf: values[start..<start + walk.width])
            } else {
                var position = start
                for _ in 0..<walk.width {
                    results.append(values[position])
                    position += walk.leftStep
                }
            }
            walk.advance()
        }
        return results
    }
}

/// Picks blocks of neighbouring elements that start at given positions.
struct BlockGather: StorageTransform {
    let starts: [Int]
    let width: Int

    func callAsFunction<E: TensorElement>(_ values: [E]) -> [E] {
        if width == 1 { return starts.map { values[$0] } }
        var results: [E] = []
        results.reserveCapacity(starts.count * width)
        for start in starts { results.append(contentsOf: values[start..<start + width]) }
        return results
    }
}

extension Tensor {
    /// Elements of the tensor along strides, in a shape the caller has checked.
    ///
    /// - Throws: `GraphError` if the shape exceeds the limits.
    func strided(
        _ shape: [Int],
        _ strides: [Int],
        offset: Int = 0
    ) throws(GraphError) -> Tensor {
        _ = try Tensor.elementCount(of: shape)
        let view = StridedView(shape: shape, strides: strides, offset: offset)
        return try Tensor(shape: shape, try storage.applying(view))
    }

    /// The tensor with its axes in another order, which the caller has checked.
    ///
    /// - Throws: `GraphError` if the shape exceeds the limits.
    func transposed(_ order: [Int]) throws(GraphError) -> Tensor {
        let own = strides
        return try strided(order.map { shape[$0] }, order.map { own[$0] })
    }

    /// A part along an axis, both of which the caller has checked.
    ///
    /// - Throws: `GraphError` if the shape exceeds the limits.
    func part(axis: Int, start: Int, count: Int) throws(GraphError) -> Tensor {
        var part = shape
        part[axis] = count
        return try strided(part, strides, offset: start * strides[axis])
    }
}
