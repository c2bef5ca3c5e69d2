/// A comparison of two tensors of one type.
protocol ComparisonOperator: GraphOperator {
    static func holds<T: Comparable>(_ left: T, _ right: T) -> Bool
    /// Whether booleans and strings can be compared too.
    static var comparesAnything: Bool { get }
}

extension ComparisonOperator {
    static var comparesAnything: Bool { false }
    static var widensHalves: Bool { true }

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let (left, right) = (try call.tensor(0), try call.tensor(1))
        let plan = try Broadcast(left.shape, right.shape, limits: call.limits)
        let results: [Bool]
        switch (left.storage, right.storage) {
        case (.float(let a), .float(let b)): results = plan.map(a, b) { holds($0, $1) }
        case (.double(let a), .double(let b)): results = plan.map(a, b) { holds($0, $1) }
        case (.int64(let a), .int64(let b)): results = plan.map(a, b) { holds($0, $1) }
        case (.int32(let a), .int32(let b)): results = plan.map(a, b) { holds($0, $1) }
        case (.int16(let a), .int16(let b)): results = plan.map(a, b) { holds($0, $1) }
        case (.int8(let a), .int8(let b)): results = plan.map(a, b) { holds($0, $1) }
        case (.uint64(let a), .uint64(let b)): results = plan.map(a, b) { holds($0, $1) }
        case (.uint32(let a), .uint32(let b)): results = plan.map(a, b) { holds($0, $1) }
        case (.uint16(let a), .uint16(let b)): results = plan.map(a, b) { holds($0, $1) }
        case (.uint8(let a), .uint8(let b)): results = plan.map(a, b) { holds($0, $1) }
        case (.string(let a), .string(let b)) where comparesAnything:
            results = plan.map(a, b) { holds($0, $1) }
        case (.bool(let a), .bool(let b)) where comparesAnything:
            results = plan.map(a, b) { holds($0 ? 1 : 0, $1 ? 1 : 0) }
        default: throw TypeMismatch.error(left, right)
        }
        return [.tensor(try Tensor(shape: plan.shape, .bool(results), limits: call.limits))]
    }
}

/// Whether elements are the same; a NaN is never.
enum EqualOperator: ComparisonOperator {
    static let name = "Equal"
    static let versions = [7, 11, 13, 19]
    static let comparesAnything = true

    @inline(__always)
    static func holds<T: Comparable>(_ left: T, _ right: T) -> Bool { left == right }
}

/// Whether elements of the first tensor are smaller.
enum LessOperator: ComparisonOperator {
    static let name = "Less"
    static let versions = [7, 9, 13]

    @inline(__always)
    static func holds<T: Comparable>(_ left: T, _ right: T) -> Bool { left < right }
}

/// Whether elements of the first tensor are smaller or the same.
enum LessOrEqualOperator: ComparisonOperator {
    static let name = "LessOrEqual"
    static let versions = [12, 16]

    @inline(__always)
    static func holds<T: Comparable>(_ left: T, _ right: T) -> Bool { left <= right }
}

/// Whether elements of the first tensor are larger.
enum GreaterOperator: ComparisonOperator {
    static let name = "Greater"
    static let versions = [7, 9, 13]

    @inline(__always)
    static func holds<T: Comparable>(_ left: T, _ right: T) -> Bool { left > right }
}

/// Whether elements of the first tensor are larger or the same.
enum GreaterOrEqualOperator: ComparisonOperator {
    static let name = "GreaterOrEqual"
    static let versions = [12, 16]

    @inline(__always)
    static func holds<T: Comparable>(_ left: T, _ right: T) -> Bool { left >= right }
}
