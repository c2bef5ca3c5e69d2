/// The element types of tensors, numbered as ONNX does.
public enum ElementType: UInt8, Sendable, CaseIterable {
    case float = 1
    case uint8 = 2
    case int8 = 3
    case uint16 = 4
    case int16 = 5
    case int32 = 6
    case int64 = 7
    case string = 8
    case bool = 9
    case float16 = 10
    case double = 11
    case uint32 = 12
    case uint64 = 13
    case bfloat16 = 16

    /// The name ONNX has for it: `int64`.
    public var name: String { String(describing: self) }

    /// Bytes of one element; nil for strings, whose length varies.
    var byteCount: Int? {
        switch self {
        case .bool, .int8, .uint8: 1
        case .float16, .bfloat16, .int16, .uint16: 2
        case .float, .int32, .uint32: 4
        case .double, .int64, .uint64: 8
        case .string: nil
        }
    }

    var isInteger: Bool {
        switch self {
        case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64: true
        case .float, .double, .float16, .bfloat16, .bool, .string: false
        }
    }
}
