/// Each element, the negative ones multiplied by a factor of their own.
enum PReluOperator: GraphOperator {
    static let name = "PRelu"
    static let versions = [7, 9, 16]
    static let widensHalves = true

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let (input, slope) = (try call.tensor(0), try call.tensor(1))
        let plan = try Broadcast(input.shape, slope.shape, limits: call.limits)
        guard plan.shape == input.shape else { throw GraphError(.shape, "the slope does not fit") }
        let storage: TensorStorage
        switch (input.storage, slope.storage) {
        case (.float(let a), .float(let b)):
            storage = .float(plan.map(a, b) { $0 < 0 ? $0 * $1 : $0 })
        case (.double(let a), .double(let b)):
            storage = .double(plan.map(a, b) { $0 < 0 ? $0 * $1 : $0 })
        default: throw TypeMismatch.error(input, slope)
        }
        return [.tensor(try Tensor(shape: input.shape, storage))]
    }
}
