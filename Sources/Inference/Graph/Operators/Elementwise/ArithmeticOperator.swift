/// Addition, subtraction, multiplication and division of two tensors of one type.
protocol ArithmeticOperator: GraphOperator {
    static func combine<T: BinaryFloatingPoint>(_ left: T, _ right: T) -> T
    static func combine<T: FixedWidthInteger>(_ left: T, _ right: T) -> T
    /// Whether a zero on the right is an error for integers.
    static var divides: Bool { get }
}

extension ArithmeticOperator {
    static var divides: Bool { false }
    static var widensHalves: Bool { true }

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        [.tensor(try combine(try call.tensor(0), try call.tensor(1), call))]
    }

    /// The combination of two tensors whose shapes extend to a common one.
    ///
    /// - Throws: `GraphError` for different or unfit types and shapes, and division by zero.
    @inline(__always)
    static func combine(
        _ left: Tensor,
        _ right: Tensor,
        _ call: OperatorCall
    ) throws(GraphError) -> Tensor {
        let plan = try Broadcast(left.shape, right.shape, limits: call.limits)
        let storage: TensorStorage
        switch (left.storage, right.storage) {
        case (.float(let a), .float(let b)):
            storage = .float(plan.map(a, b) { (x: Float, y: Float) in combine(x, y) })
        case (.double(let a), .double(let b)):
            storage = .double(plan.map(a, b) { (x: Double, y: Double) in combine(x, y) })
        case (.int64(let a), .int64(let b)): storage = .int64(try integers(a, b, plan))
        case (.int32(let a), .int32(let b)): storage = .int32(try integers(a, b, plan))
        case (.int16(let a), .int16(let b)): storage = .int16(try integers(a, b, plan))
        case (.int8(let a), .int8(let b)): storage = .int8(try integers(a, b, plan))
        case (.uint64(let a), .uint64(let b)): storage = .uint64(try integers(a, b, plan))
        case (.uint32(let a), .uint32(let b)): storage = .uint32(try integers(a, b, plan))
        case (.uint16(let a), .uint16(let b)): storage = .uint16(try integers(a, b, plan))
        case (.uint8(let a), .uint8(let b)): storage = .uint8(try integers(a, b, plan))
        default: throw TypeMismatch.error(left, right)
        }
        return try Tensor(shape: plan.shape, storage, limits: call.limits)
    }

    @inline(__always)
    private static func integers<T: FixedWidthInteger>(
        _ left: [T],
        _ right: [T],
        _ plan: Broadcast
    ) throws(GraphError) -> [T] {
        if divides, right.contains(0) { throw GraphError(.shape, "an integer is divided by zero") }
        return plan.map(left, right) { (x: T, y: T) in combine(x, y) }
    }
}

/// The message for two tensors whose types an operator does not take together.
enum TypeMismatch {
    static func error(_ left: Tensor, _ right: Tensor) -> GraphError {
        left.type == right.type
            ? error(left)
            : GraphError(
                .shape,
                "inputs of types \(left.type.name) and \(right.type.name); they must be the same"
            )
    }

    static func error(_ tensor: Tensor) -> GraphError {
        GraphError(.unsupported, "it does not take elements of type \(tensor.type.name)")
    }
}
