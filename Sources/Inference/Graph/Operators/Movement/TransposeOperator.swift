/// The tensor with its axes in another order.
enum TransposeOperator: GraphOperator {
    static let name = "Transpose"
    static let versions = [1, 13, 21, 23, 24, 25]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let order = try call.ints("perm") ?? Array(input.shape.indices.reversed())
        guard order.sorted() == Array(input.shape.indices) else {
            throw GraphError(
                .shape,
                "perm \(Tensor.text(order)) does not order \(input.rank) axes"
            )
        }
        return [.tensor(try input.transposed(order))]
    }
}
