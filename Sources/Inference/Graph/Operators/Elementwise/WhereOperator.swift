/// Each element of one tensor where a condition is true, of another where it is not.
enum WhereOperator: GraphOperator {
    static let name = "Where"
    static let versions = [9, 16]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let condition = try call.tensor(0)
        let (first, second) = (try call.tensor(1), try call.tensor(2))
        guard case .bool(let choices) = condition.storage else {
            throw TypeMismatch.error(condition)
        }
        let shape = try Broadcast.shape(
            try Broadcast.shape(condition.shape, first.shape),
            second.shape
        )
        _ = try call.count(of: shape)
        let storage = try first.storage.applying(
            Choice(
                choices: choices,
                condition: condition.shape,
                first: first.shape,
                second: second,
                limits: call.limits
            )
        )
        return [.tensor(try Tensor(shape: shape, storage, limits: call.limits))]
    }

    private struct Choice: StorageTransform {
        let choices: [Bool]
        let condition: [Int]
        let first: [Int]
        let second: Tensor
        let limits: GraphLimits

        func callAsFunction<E: TensorElement>(_ values: [E]) throws(GraphError) -> [E] {
            guard let others = E.values(of: second.storage) else {
                throw GraphError(.shape, "the two choices have different types")
            }
            // The chosen element first, nil where the other is to be taken.
            let chosen = try Broadcast(condition, first, limits: limits)
            let some = chosen.map(choices, values) { $0 ? $1 : nil as E? }
            let rest = try Broadcast(chosen.shape, second.shape, limits: limits)
            return rest.map(some, others) { $0 ?? $1 }
        }
    }
}
