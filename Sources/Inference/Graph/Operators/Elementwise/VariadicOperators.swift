/// The largest, smallest, sum or mean of any number of tensors, element by element.
protocol VariadicOperator: GraphOperator {
    static func combine<T: GraphFloat>(_ left: T, _ right: T) -> T
    static func combine<T: FixedWidthInteger>(_ left: T, _ right: T) -> T
    /// What is done with the combination of all, given their number.
    static func finish<T: GraphFloat>(_ value: T, count: Int) -> T
}

extension VariadicOperator {
    static var widensHalves: Bool { true }
    static func finish<T: GraphFloat>(_ value: T, count: Int) -> T { value }

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let tensors = try call.tensors()
        var result = tensors[0]
        for next in tensors.dropFirst() {
            let plan = try Broadcast(result.shape, next.shape, limits: call.limits)
            let storage: TensorStorage
            switch (result.storage, next.storage) {
            case (.float(let a), .float(let b)):
                storage = .float(plan.map(a, b) { combine($0, $1) })
            case (.double(let a), .double(let b)):
                storage = .double(plan.map(a, b) { combine($0, $1) })
            case (.int64(let a), .int64(let b)):
                storage = .int64(plan.map(a, b) { combine($0, $1) })
            case (.int32(let a), .int32(let b)):
                storage = .int32(plan.map(a, b) { combine($0, $1) })
            case (.int16(let a), .int16(let b)):
                storage = .int16(plan.map(a, b) { combine($0, $1) })
            case (.int8(let a), .int8(let b)): storage = .int8(plan.map(a, b) { combine($0, $1) })
            case (.uint64(let a), .uint64(let b)):
                storage = .uint64(plan.map(a, b) { combine($0, $1) })
            case (.uint32(let a), .uint32(let b)):
                storage = .uint32(plan.map(a, b) { combine($0, $1) })
            case (.uint16(let a), .uint16(let b)):
                storage = .uint16(plan.map(a, b) { combine($0, $1) })
            case (.uint8(let a), .uint8(let b)):
                storage = .uint8(plan.map(a, b) { combine($0, $1) })
            default: throw TypeMismatch.error(result, next)
            }
            result = try Tensor(shape: plan.shape, storage, limits: call.limits)
        }
        switch result.storage {
        case .float(let values):
            let finished = values.map { finish($0, count: tensors.count) }
            result = try Tensor(shape: result.shape, .float(finished))
        case .double(let values):
            let finished = values.map { finish($0, count: tensors.count) }
            result = try Tensor(shape: result.shape, .double(finished))
        default: break
        }
        return [.tensor(result)]
    }
}

/// The largest of each element's values; a NaN wins.
enum MaxOperator: VariadicOperator {
    static let name = "Max"
    static let versions = [8, 12, 13]
    @inline(__always)
    static func combine<T: GraphFloat>(_ left: T, _ right: T) -> T {
        left > right || left.isNaN ? left : right
    }
    @inline(__always)
    static func combine<T: FixedWidthInteger>(_ left: T, _ right: T) -> T { max(left, right) }
}

/// The smallest of each element's values; a NaN wins.
enum MinOperator: VariadicOperator {
    static let name = "Min"
    static let versions = [8, 12, 13]
    @inline(__always)
    static func combine<T: GraphFloat>(_ left: T, _ right: T) -> T {
        left < right || left.isNaN ? left : right
    }
    @inline(__always)
    static func combine<T: FixedWidthInteger>(_ left: T, _ right: T) -> T { min(left, right) }
}

/// The sum of each element's values.
enum SumOperator: VariadicOperator {
    static let name = "Sum"
    static let versions = [8, 13]
    @inline(__always)
    static func combine<T: GraphFloat>(_ left: T, _ right: T) -> T { left + right }
    @inline(__always)
    static func combine<T: FixedWidthInteger>(_ left: T, _ right: T) -> T { left &+ right }
}

/// The mean of each element's values.
enum MeanOperator: VariadicOperator {
    static let name = "Mean"
    static let versions = [8, 13]
    @inline(__always)
    static func combine<T: GraphFloat>(_ left: T, _ right: T) -> T { left + right }
    @inline(__always)
    static func combine<T: FixedWidthInteger>(_ left: T, _ right: T) -> T { left &+ right }
    @inline(__always)
    static func finish<T: GraphFloat>(_ value: T, count: Int) -> T { value / T(count) }
}
