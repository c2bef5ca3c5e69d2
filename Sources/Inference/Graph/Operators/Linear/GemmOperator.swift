/// alpha x A x B + beta x C, where A and B may be transposed.
enum GemmOperator: GraphOperator {
    static let name = "Gemm"
    static let versions = [7, 9, 11, 13]
    static let widensHalves = true

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        var (left, right) = (try call.tensor(0), try call.tensor(1))
        guard left.rank == 2, right.rank == 2 else {
            throw GraphError(.shape, "inputs of ranks \(left.rank) and \(right.rank), not 2")
        }
        if try call.flag("transA", default: false) { left = try left.transposed([1, 0]) }
        if try call.flag("transB", default: false) { right = try right.transposed([1, 0]) }
        let shape = [left.shape[0], right.shape[1]]
        let inner = left.shape[1]
        guard inner == right.shape[0] else {
            throw GraphError(
                .shape,
                "shapes \(Tensor.text(left.shape)) and \(Tensor.text(right.shape)) have no product"
            )
        }
        let count = try call.count(of: shape)
        try call.meter.spend(count, times: inner)
        let plan = MatrixBatches(
            rows: shape[0],
            inner: inner,
            columns: shape[1],
            count: count,
            starts: count == 0 ? [] : [(0, 0)]
        )
        let product = try Tensor(
            shape: shape,
            scaled(
                try MatMulOperator.product(left, right, plan),
                by: try call.float("alpha") ?? 1
            )
        )
        guard let third = try call.optionalTensor(2) else { return [.tensor(product)] }
        guard try Broadcast.shape(shape, third.shape) == shape else {
            throw GraphError(.shape, "C of shape \(Tensor.text(third.shape)) does not fit")
        }
        let addend = try Tensor(
            shape: third.shape,
            scaled(third.storage, by: try call.float("beta") ?? 1)
        )
        return [.tensor(try AddOperator.combine(product, addend, call))]
    }

    private static func scaled(_ storage: TensorStorage, by factor: Float) -> TensorStorage {
        guard factor != 1 else { return storage }
        switch storage {
        case .float(let values): return .float(values.map { $0 * factor })
        case .double(let values): return .double(values.map { $0 * Double(factor) })
        case .int64(let values): return .int64(scaled(values, by: factor))
        case .int32(let values): return .int32(scaled(values, by: factor))
        case .uint64(let values): return .uint64(scaled(values, by: factor))
        case .uint32(let values): return .uint32(scaled(values, by: factor))
        default: return storage
        }
    }

    private static func scaled<T: FixedWidthInteger>(_ values: [T], by factor: Float) -> [T] {
        values.map { NumberCast.integer(Double($0) * Double(factor)) }
    }
}
