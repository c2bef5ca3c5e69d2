/// How the elements of two tensors meet when shapes differ only in missing or unit sizes.
struct Broadcast {
    /// The shape of the result.
    let shape: [Int]
    let count: Int
    private let form: Form
    private let sizes: [Int]
    private let leftStrides: [Int]
    private let rightStrides: [Int]

    private enum Form { case same, leftScalar, rightScalar, general }

    /// - Throws: `GraphError` if the shapes do not fit, or the result exceeds the limits.
    init(_ left: [Int], _ right: [Int], limits: GraphLimits) throws(GraphError) {
        shape = try Broadcast.shape(left, right)
        count = try Tensor.elementCount(of: shape, limits: limits)
        if left == right {
            form = .same
            (sizes, leftStrides, rightStrides) = ([], [], [])
        } else if right.allSatisfy({ $0 == 1 }) {
            form = .rightScalar
            (sizes, leftStrides, rightStrides) = ([], [], [])
        } else if left.allSatisfy({ $0 == 1 }) {
            form = .leftScalar
            (sizes, leftStrides, rightStrides) = ([], [], [])
        } else {
            form = .general
            (sizes, leftStrides, rightStrides) = Broadcast.merged(
                shape,
                Broadcast.strides(of: left, to: shape),
                Broadcast.strides(of: right, to: shape)
            )
        }
    }

    /// The shape both shapes extend to.
    ///
    /// - Throws: `GraphError` if there is none.
    static func shape(_ left: [Int], _ right: [Int]) throws(GraphError) -> [Int] {
        let rank = max(left.count, right.count)
        var shape = [Int](repeating: 1, count: rank)
        for axis in 0..<rank {
            let a = axis < rank - left.count ? 1 : left[axis - rank + left.count]
            let b = axis < rank - right.count ? 1 : right[axis - rank + right.count]
            guard a == b || a == 1 || b == 1 else {
                throw GraphError(
                    .shape,
                    "shapes \(Tensor.text(left)) and \(Tensor.text(right)) do not fit together"
                )
            }
            shape[axis] = a == 1 ? b : a
        }
        return shape
    }

    /// Distances in a tensor for each axis of the shape it is extended to; 0 where it repeats.
    static func strides(of source: [Int], to shape: [Int]) -> [Int] {
        let own = Tensor.strides(of: source)
        let missing = shape.count - source.count
        return shape.indices.map { axis in
            axis < missing || source[axis - missing] == 1 ? 0 : own[axis - missing]
        }
    }

    /// The same walk with as few axes as possible.
    private static func merged(
        _ shape: [Int],
        _ left: [Int],
        _ right: [Int]
    ) -> ([Int], [Int], [Int]) {
        var merged: (sizes: [Int], left: [Int], right: [Int]) = ([], [], [])
        for axis in shape.indices where shape[axis] != 1 {
            if let last = merged.sizes.indices.last,
                merged.left[last] == left[axis] * shape[axis],
                merged.right[last] == right[axis] * shape[axis]
            {
                merged.sizes[last] *= shape[axis]
                merged.left[last] = left[axis]
                merged.right[last] = right[axis]
            } else {
                merged.sizes.append(shape[axis])
                merged.left.append(left[axis])
                merged.right.append(right[axis])
            }
        }
        return merged
    }

    /// Combines two arrays; inlined, so that the closure costs nothing.
    @inline(__always)
    func map<A, B, R>(_ left: [A], _ right: [B], _ combine: (A, B) -> R) -> [R] {
        [R](unsafeUninitializedCapacity: count) { target, initialized in
            left.withUnsafeBufferPointer { left in
                right.withUnsafeBufferPointer { right in
                    fill(target, left, right, combine)
                }
            }
            initialized = count
        }
    }

    @inline(__always)
    private func fill<A, B, R>(
        _ target: UnsafeMutableBufferPointer<R>,
        _ left: UnsafeBufferPointer<A>,
        _ right: UnsafeBufferPointer<B>,
        _ combine: (A, B) -> R
    ) {
        guard count > 0 else { return }
        switch form {
        case .same:
            for index in 0..<count {
                target.initializeElement(at: index, to: combine(left[index], right[index]))
            }
        case .rightScalar:
            let b = right[0]
            for index in 0..<count {
                target.initializeElement(at: index, to: combine(left[index], b))
            }
        case .leftScalar:
            let a = left[0]
            for index in 0..<count {
                target.initializeElement(at: index, to: combine(a, right[index]))
            }
        case .general:
            fillRows(target, left, right, combine)
        }
    }

    @inline(__always)
    private func fillRows<A, B, R>(
        _ target: UnsafeMutableBufferPointer<R>,
        _ left: UnsafeBufferPointer<A>,
        _ right: UnsafeBufferPointer<B>,
        _ combine: (A, B) -> R
    ) {
        var walk = RowWalk(sizes: sizes, leftStrides: leftStrides, rightStrides: rightStrides)
        let (width, leftStep, rightStep) = (walk.width, walk.leftStep, walk.rightStep)
        var start = 0
        while start < count {
            var (a, b) = (walk.left, walk.right)
            for index in start..<start + width {
                target.initializeElement(at: index, to: combine(left[a], right[b]))
                a += leftStep
                b += rightStep
            }
            start += width
            walk.advance()
        }
    }
}

/// Walks over all rows along the last axis, with the positions in two sources.
struct RowWalk {
    let width: Int
    let leftStep: Int
    let rightStep: Int
    private(set) var left = 0
    private(set) var right = 0
    private let sizes: [Int]
    private let leftStrides: [Int]
    private let rightStrides: [Int]
    private var position: [Int]

    init(sizes: [Int], leftStrides: [Int], rightStrides: [Int]) {
        width = sizes.last ?? 1
        leftStep = leftStrides.last ?? 0
        rightStep = rightStrides.last ?? 0
        self.sizes = Array(sizes.dropLast())
        self.leftStrides = Array(leftStrides.dropLast())
        self.rightStrides = Array(rightStrides.dropLast())
        position = [Int](repeating: 0, count: self.sizes.count)
    }

    /// To the next row; after the last to the first.
    mutating func advance() {
        var axis = sizes.count - 1
        while axis >= 0 {
            position[axis] += 1
            left += leftStrides[axis]
            right += rightStrides[axis]
            if position[axis] < sizes[axis] { return }
            left -= leftStrides[axis] * sizes[axis]
            right -= rightStrides[axis] * sizes[axis]
            position[axis] = 0
            axis -= 1
        }
    }
}
