/// Each element of the first tensor to the power of one of the second; the first's type stays.
enum PowOperator: GraphOperator {
    static let name = "Pow"
    static let versions = [7, 12, 13, 15]
    static let widensHalves = true

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let (base, exponent) = (try call.tensor(0), try call.tensor(1))
        let plan = try Broadcast(base.shape, exponent.shape, limits: call.limits)
        return [
            .tensor(
                try Tensor(
                    shape: plan.shape,
                    try powers(base, exponent, plan),
                    limits: call.limits
                )
            )
        ]
    }

    private static func powers(
        _ base: Tensor,
        _ exponent: Tensor,
        _ plan: Broadcast
    ) throws(GraphError) -> TensorStorage {
        switch base.storage {
        case .float(let values):
            let exponents = try exponent.doubles()
            // Squares are most of what there is.
            if exponents == [2] { return .float(values.map { $0 * $0 }) }
            return .float(plan.map(values, exponents) { $0.raised(to: $1) })
        case .double(let values):
            let exponents = try exponent.doubles()
            if exponents == [2] { return .double(values.map { $0 * $0 }) }
            return .double(plan.map(values, exponents) { $0.raised(to: $1) })
        case .int64(let values): return .int64(try integers(values, exponent, plan))
        case .int32(let values): return .int32(try integers(values, exponent, plan))
        default: throw TypeMismatch.error(base)
        }
    }

    private static func integers<T: FixedWidthInteger>(
        _ values: [T],
        _ exponent: Tensor,
        _ plan: Broadcast
    ) throws(GraphError) -> [T] {
        if exponent.type.isInteger {
            return plan.map(values, try exponent.integers()) { whole($0, $1) }
        }
        return plan.map(values, try exponent.doubles()) { value, exponent in
            NumberCast.integer(Double(value).raised(to: exponent))
        }
    }

    /// By squaring, with wrapping; negative exponents cut the fraction off.
    private static func whole<T: FixedWidthInteger>(_ base: T, _ exponent: Int) -> T {
        guard exponent >= 0 else {
            if base == 1 { return 1 }
            guard T.isSigned, base == 0 &- 1 else { return 0 }
            return exponent & 1 == 0 ? 1 : base
        }
        var (result, square, rest): (T, T, Int) = (1, base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result = result &* square }
            square = square &* square
            rest >>= 1
        }
        return result
    }
}
