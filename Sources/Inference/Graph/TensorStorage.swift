/// The elements of a tensor in row-major order, one array of its own type.
public enum TensorStorage: Sendable, Equatable {
    case float([Float])
    case double([Double])
    case int64([Int64])
    case int32([Int32])
    case int16([Int16])
    case int8([Int8])
    case uint64([UInt64])
    case uint32([UInt32])
    case uint16([UInt16])
    case uint8([UInt8])
    case bool([Bool])
    case string([String])
    case float16([Half])
    case bfloat16([BFloat16])
}

/// What can be an element of a tensor; lets one generic function serve every type.
package protocol TensorElement: Sendable, Hashable {
    static var elementType: ElementType { get }
    static var zero: Self { get }
    static func storage(_ values: [Self]) -> TensorStorage
    /// The array, if the storage holds this type.
    static func values(of storage: TensorStorage) -> [Self]?
}

/// A change of a tensor's elements that is the same for every type.
package protocol StorageTransform {
    func callAsFunction<E: TensorElement>(_ values: [E]) throws(GraphError) -> [E]
}

extension TensorStorage {
    public var count: Int {
        switch self {
        case .float(let values): values.count
        case .double(let values): values.count
        case .int64(let values): values.count
        case .int32(let values): values.count
        case .int16(let values): values.count
        case .int8(let values): values.count
        case .uint64(let values): values.count
        case .uint32(let values): values.count
        case .uint16(let values): values.count
        case .uint8(let values): values.count
        case .bool(let values): values.count
        case .string(let values): values.count
        case .float16(let values): values.count
        case .bfloat16(let values): values.count
        }
    }

    public var type: ElementType {
        switch self {
        case .float: .float
        case .double: .double
        case .int64: .int64
        case .int32: .int32
        case .int16: .int16
        case .int8: .int8
        case .uint64: .uint64
        case .uint32: .uint32
        case .uint16: .uint16
        case .uint8: .uint8
        case .bool: .bool
        case .string: .string
        case .float16: .float16
        case .bfloat16: .bfloat16
        }
    }

    /// The storage after a change that keeps the type.
    package func applying(_ change: some StorageTransform) throws(GraphError) -> TensorStorage {
        switch self {
        case .float(let values): .float(try change(values))
        case .double(let values): .double(try change(values))
        case .int64(let values): .int64(try change(values))
        case .int32(let values): .int32(try change(values))
        case .int16(let values): .int16(try change(values))
        case .int8(let values): .int8(try change(values))
        case .uint64(let values): .uint64(try change(values))
        case .uint32(let values): .uint32(try change(values))
        case .uint16(let values): .uint16(try change(values))
        case .uint8(let values): .uint8(try change(values))
        case .bool(let values): .bool(try change(values))
        case .string(let values): .string(try change(values))
        case .float16(let values): .float16(try change(values))
        case .bfloat16(let values): .bfloat16(try change(values))
        }
    }
}
