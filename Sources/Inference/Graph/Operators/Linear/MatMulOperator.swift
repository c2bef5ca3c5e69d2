/// The product of two matrices, or of stacks of them.
enum MatMulOperator: GraphOperator {
    static let name = "MatMul"
    static let versions = [1, 9, 13]
    static let widensHalves = true

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let (left, right) = (try call.tensor(0), try call.tensor(1))
        guard left.rank > 0, right.rank > 0 else {
            throw GraphError(.shape, "a scalar has no product as a matrix")
        }
        // A vector counts as a row on the left and as a column on the right.
        let a = left.rank == 1 ? [1] + left.shape : left.shape
        let b = right.rank == 1 ? right.shape + [1] : right.shape
        let (rows, inner, columns) = (a[a.count - 2], a[a.count - 1], b[b.count - 1])
        guard b[b.count - 2] == inner else {
            throw GraphError(
                .shape,
                "shapes \(Tensor.text(left.shape)) and \(Tensor.text(right.shape)) have no product"
            )
        }
        let stack = try Broadcast.shape(Array(a.dropLast(2)), Array(b.dropLast(2)))
        var shape = stack
        if left.rank > 1 { shape.append(rows) }
        if right.rank > 1 { shape.append(columns) }
        let count = try call.count(of: shape)
        try call.meter.spend(count, times: inner)
        let plan = MatrixBatches(
            rows: rows,
            inner: inner,
            columns: columns,
            count: count,
            starts: count == 0 ? [] : starts(stack, a, b)
        )
        let storage = try product(left, right, plan)
        return [.tensor(try Tensor(shape: shape, storage, limits: call.limits))]
    }

    private static func starts(
        _ stack: [Int],
        _ left: [Int],
        _ right: [Int]
    ) -> [(left: Int, right: Int)] {
        let leftSize = left.suffix(2).reduce(1, *)
        let rightSize = right.suffix(2).reduce(1, *)
        let a = Broadcast.strides(of: Array(left.dropLast(2)), to: stack)
        let b = Broadcast.strides(of: Array(right.dropLast(2)), to: stack)
        var walk = RowWalk(sizes: stack + [1], leftStrides: a + [0], rightStrides: b + [0])
        return (0..<stack.reduce(1, *)).map { _ in
            defer { walk.advance() }
            return (walk.left * leftSize, walk.right * rightSize)
        }
    }

    static func product(
        _ left: Tensor,
        _ right: Tensor,
        _ plan: MatrixBatches
    ) throws(GraphError) -> TensorStorage {
        switch (left.storage, right.storage) {
        case (.float(let a), .float(let b)):
            return .float(MatrixProduct.batches(a, b, plan, zero: 0) { $0 + $1 * $2 })
        case (.double(let a), .double(let b)):
            return .double(MatrixProduct.batches(a, b, plan, zero: 0) { $0 + $1 * $2 })
        case (.int64(let a), .int64(let b)):
            return .int64(MatrixProduct.batches(a, b, plan, zero: 0) { $0 &+ $1 &* $2 })
        case (.int32(let a), .int32(let b)):
            return .int32(MatrixProduct.batches(a, b, plan, zero: 0) { $0 &+ $1 &* $2 })
        case (.uint64(let a), .uint64(let b)):
            return .uint64(MatrixProduct.batches(a, b, plan, zero: 0) { $0 &+ $1 &* $2 })
        case (.uint32(let a), .uint32(let b)):
            return .uint32(MatrixProduct.batches(a, b, plan, zero: 0) { $0 &+ $1 &* $2 })
        default: throw TypeMismatch.error(left, right)
        }
    }
}
