/// One decoded value; its parts are indexes into the arena, so no value owns another.
///
/// Every payload is plain data: a self-referencing list is only an index that points back.
enum PickleValue {
    case none
    case bool(Bool)
    case int(Int)
    /// An integer beyond 64 bits; nothing reads its value.
    case bigInt
    case float(Double)
    /// UTF-8.
    case text(ByteSlice)
    case bytes(ByteSlice)
    case list(Chain)
    case tuple(Chain)
    case set(Chain)
    /// Keys and values take turns in the chain.
    case dict(Chain)
    /// A name on the allow-list; the slice is the class or function name alone.
    case global(PickleGlobal, name: ByteSlice)
    case dtype(ElementType)
    case array(PickleArray)
    /// An instance: its class (a global) and, once built, its state; -1 when it has none.
    case object(type: Int, state: Int)

    /// What the value is, as Python would name it.
    var typeName: String {
        switch self {
        case .none: "None"
        case .bool: "bool"
        case .int, .bigInt: "int"
        case .float: "float"
        case .text: "str"
        case .bytes: "bytes"
        case .list: "list"
        case .tuple: "tuple"
        case .set: "set"
        case .dict: "dict"
        case .global: "class or function"
        case .dtype: "dtype"
        case .array: "array"
        case .object: "object"
        }
    }
}

/// A run of bytes in the input, or in the arena's scratch memory.
struct ByteSlice {
    var offset: Int
    var count: Int
    var isScratch = false
}

/// A singly linked list of arena cells; it grows at its end in constant time.
struct Chain {
    var head = -1
    var tail = -1
    var count = 0
}

/// A numpy element type: its kind letter, size and byte order.
struct ElementType {
    /// numpy's letter: f, i, u, b (bool), O (object), U (text), V (record) and others.
    var kind: UInt8
    /// Units: bytes an element.
    var size: Int
    var isBigEndian = false

    var isObject: Bool { kind == UInt8(ascii: "O") }
}

/// A numpy array whose numbers stay where they are until somebody asks for them.
struct PickleArray {
    var element = ElementType(kind: UInt8(ascii: "V"), size: 0)
    var rank = 1
    /// The first two dimensions; 1 where the rank is smaller.
    var rows = 0
    var columns = 1
    var count = 0
    var isFortran = false
    /// The raw elements; empty for an object array.
    var data = ByteSlice(offset: 0, count: 0)
    /// The list of an object array's elements, or -1.
    var objects = -1
    /// False between the creation of an array and the opcode that fills it.
    var isFilled = false
}
