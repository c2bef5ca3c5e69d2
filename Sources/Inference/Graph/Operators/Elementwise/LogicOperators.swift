/// An operation on two tensors of booleans.
protocol LogicOperator: GraphOperator {
    static func combine(_ left: Bool, _ right: Bool) -> Bool
}

extension LogicOperator {
    static var versions: [Int] { [7] }

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let (left, right) = (try call.tensor(0), try call.tensor(1))
        let plan = try Broadcast(left.shape, right.shape, limits: call.limits)
        guard case .bool(let a) = left.storage, case .bool(let b) = right.storage else {
            throw TypeMismatch.error(left, right)
        }
        let results = plan.map(a, b) { combine($0, $1) }
        return [.tensor(try Tensor(shape: plan.shape, .bool(results), limits: call.limits))]
    }
}

/// Whether both are true.
enum AndOperator: LogicOperator {
    static let name = "And"
    @inline(__always)
    static func combine(_ left: Bool, _ right: Bool) -> Bool { left && right }
}

/// Whether at least one is true.
enum OrOperator: LogicOperator {
    static let name = "Or"
    @inline(__always)
    static func combine(_ left: Bool, _ right: Bool) -> Bool { left || right }
}

/// Whether exactly one is true.
enum XorOperator: LogicOperator {
    static let name = "Xor"
    @inline(__always)
    static func combine(_ left: Bool, _ right: Bool) -> Bool { left != right }
}

/// Whether it is false.
enum NotOperator: GraphOperator {
    static let name = "Not"
    static let versions = [1]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        guard case .bool(let values) = input.storage else { throw TypeMismatch.error(input) }
        return [.tensor(try Tensor(shape: input.shape, .bool(values.map { !$0 })))]
    }
}
