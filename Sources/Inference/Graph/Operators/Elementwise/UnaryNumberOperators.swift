/// A function of one number of any type, applied to every element.
protocol UnaryNumberOperator: GraphOperator {
    static func apply<T: GraphFloat>(_ value: T) -> T
    static func apply<T: SignedInteger & FixedWidthInteger>(_ value: T) -> T
    static func apply<T: UnsignedInteger & FixedWidthInteger>(_ value: T) -> T
}

extension UnaryNumberOperator {
    static var widensHalves: Bool { true }

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let storage: TensorStorage
        switch input.storage {
        case .float(let values): storage = .float(values.map { apply($0) })
        case .double(let values): storage = .double(values.map { apply($0) })
        case .int64(let values): storage = .int64(values.map { apply($0) })
        case .int32(let values): storage = .int32(values.map { apply($0) })
        case .int16(let values): storage = .int16(values.map { apply($0) })
        case .int8(let values): storage = .int8(values.map { apply($0) })
        case .uint64(let values): storage = .uint64(values.map { apply($0) })
        case .uint32(let values): storage = .uint32(values.map { apply($0) })
        case .uint16(let values): storage = .uint16(values.map { apply($0) })
        case .uint8(let values): storage = .uint8(values.map { apply($0) })
        default: throw TypeMismatch.error(input)
        }
        return [.tensor(try Tensor(shape: input.shape, storage))]
    }
}

/// Each element without its sign.
enum AbsOperator: UnaryNumberOperator {
    static let name = "Abs"
    static let versions = [6, 13]
    @inline(__always) static func apply<T: GraphFloat>(_ value: T) -> T { value.magnitude }
    @inline(__always)
    static func apply<T: SignedInteger & FixedWidthInteger>(_ value: T) -> T {
        value < 0 ? 0 &- value : value
    }
    @inline(__always)
    static func apply<T: UnsignedInteger & FixedWidthInteger>(_ value: T) -> T { value }
}

/// Each element with the other sign.
enum NegOperator: UnaryNumberOperator {
    static let name = "Neg"
    static let versions = [6, 13]
    @inline(__always) static func apply<T: GraphFloat>(_ value: T) -> T { -value }
    @inline(__always)
    static func apply<T: SignedInteger & FixedWidthInteger>(_ value: T) -> T { 0 &- value }
    @inline(__always)
    static func apply<T: UnsignedInteger & FixedWidthInteger>(_ value: T) -> T { 0 &- value }
}

/// -1, 0 or 1 as the element is below, at or above zero; a NaN stays.
enum SignOperator: UnaryNumberOperator {
    static let name = "Sign"
    static let versions = [9, 13]
    @inline(__always) static func apply<T: GraphFloat>(_ value: T) -> T {
        value < 0 ? -1 : value > 0 ? 1 : value.isNaN ? value : 0
    }
    @inline(__always)
    static func apply<T: SignedInteger & FixedWidthInteger>(_ value: T) -> T { value.signum() }
    @inline(__always)
    static func apply<T: UnsignedInteger & FixedWidthInteger>(_ value: T) -> T { value > 0 ? 1 : 0 }
}

/// Each element, the negative ones replaced by zero.
enum ReluOperator: UnaryNumberOperator {
    static let name = "Relu"
    static let versions = [6, 13, 14]
    @inline(__always) static func apply<T: GraphFloat>(_ value: T) -> T { value < 0 ? 0 : value }
    @inline(__always)
    static func apply<T: SignedInteger & FixedWidthInteger>(_ value: T) -> T {
        value < 0 ? 0 : value
    }
    @inline(__always)
    static func apply<T: UnsignedInteger & FixedWidthInteger>(_ value: T) -> T { value }
}

/// Whether each element is no number.
enum IsNaNOperator: GraphOperator {
    static let name = "IsNaN"
    static let versions = [9, 13, 20]
    static let widensHalves = true

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let results: [Bool]
        switch input.storage {
        case .float(let values): results = values.map(\.isNaN)
        case .double(let values): results = values.map(\.isNaN)
        default: throw TypeMismatch.error(input)
        }
        return [.tensor(try Tensor(shape: input.shape, .bool(results)))]
    }
}

/// Whether each element is infinite, on one side or both.
enum IsInfOperator: GraphOperator {
    static let name = "IsInf"
    static let versions = [10, 20]
    static let widensHalves = true

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let below = try call.flag("detect_negative", default: true)
        let above = try call.flag("detect_positive", default: true)
        let results: [Bool]
        switch input.storage {
        case .float(let values): results = values.map { isInfinite($0, below, above) }
        case .double(let values): results = values.map { isInfinite($0, below, above) }
        default: throw TypeMismatch.error(input)
        }
        return [.tensor(try Tensor(shape: input.shape, .bool(results)))]
    }

    private static func isInfinite<T: GraphFloat>(_ x: T, _ below: Bool, _ above: Bool) -> Bool {
        x.isInfinite && (x < 0 ? below : above)
    }
}
