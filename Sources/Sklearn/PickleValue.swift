/// One decoded value; its parts are indexes into the arena, so no value owns another.
///
/// Every payload is plain data: a self-referencing list is only an index that points back.
enum PickleValue: BitwiseCopyable {
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
    /// An instance: its class (a global), the tuple it was made from and, once built, its state;
    /// -1 where it has none.
    case object(type: Int, arguments: Int, state: Int)

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

// The parts of values are kept in 32 bits: a file has at most 256 MiB, and small values make
// small arenas. Numbers that do not fit are refused before they get here.

/// A run of bytes in the input, or in the arena's scratch memory.
struct ByteSlice: BitwiseCopyable {
    private var start: Int32
    private var length: Int32
    var isScratch: Bool

    init(offset: Int, count: Int, isScratch: Bool = false) {
        start = Int32(truncatingIfNeeded: offset)
        length = Int32(truncatingIfNeeded: count)
        self.isScratch = isScratch
    }

    var offset: Int {
        get { Int(start) }
        set { start = Int32(truncatingIfNeeded: newValue) }
    }

    var count: Int {
        get { Int(length) }
        set { length = Int32(truncatingIfNeeded: newValue) }
    }
}

/// A singly linked list of arena cells; it grows at its end in constant time.
struct Chain: BitwiseCopyable {
    var head: Int32 = -1
    var tail: Int32 = -1
    private var length: Int32 = 0

    var count: Int {
        get { Int(length) }
        set { length = Int32(truncatingIfNeeded: newValue) }
    }
}

/// A numpy element type: its kind letter, size and byte order.
struct ElementType: BitwiseCopyable {
    /// numpy's letter: f, i, u, b (bool), O (object), U (text), V (record) and others.
    var kind: UInt8
    var isBigEndian = false
    private var byteCount: Int32
    private var names: Int32 = -1
    private var offsets: Int32 = -1

    init(kind: UInt8, size: Int, isBigEndian: Bool = false) {
        self.kind = kind
        self.isBigEndian = isBigEndian
        byteCount = Int32(clamping: size)
    }

    /// Units: bytes an element.
    var size: Int { Int(byteCount) }

    /// The names of a record's fields (a tuple) and where they lie (a dict); -1 for no record.
    var fieldNames: Int {
        get { Int(names) }
        set { names = Int32(truncatingIfNeeded: newValue) }
    }
    var fields: Int {
        get { Int(offsets) }
        set { offsets = Int32(truncatingIfNeeded: newValue) }
    }

    var isObject: Bool { kind == UInt8(ascii: "O") }
}

/// A numpy array whose numbers stay where they are until somebody asks for them.
struct PickleArray: BitwiseCopyable {
    var element = ElementType(kind: UInt8(ascii: "V"), size: 0)
    private var axes: UInt8 = 1
    var isFortran = false
    /// False between the creation of an array and the opcode that fills it.
    var isFilled = false
    private var firstAxis: Int32 = 0
    private var secondAxis: Int32 = 1
    private var elements: Int32 = 0
    private var list: Int32 = -1
    /// The raw elements; empty for an object array.
    var data = ByteSlice(offset: 0, count: 0)

    init() {}

    init(
        element: ElementType,
        rank: Int = 1,
        rows: Int,
        columns: Int = 1,
        count: Int,
        isFortran: Bool = false,
        data: ByteSlice = ByteSlice(offset: 0, count: 0)
    ) {
        self.element = element
        self.rank = rank
        self.rows = rows
        self.columns = columns
        self.count = count
        self.isFortran = isFortran
        self.data = data
    }

    var rank: Int {
        get { Int(axes) }
        set { axes = UInt8(clamping: newValue) }
    }
    /// The first two dimensions; 1 where the rank is smaller.
    var rows: Int {
        get { Int(firstAxis) }
        set { firstAxis = Int32(clamping: newValue) }
    }
    var columns: Int {
        get { Int(secondAxis) }
        set { secondAxis = Int32(clamping: newValue) }
    }
    var count: Int {
        get { Int(elements) }
        set { elements = Int32(clamping: newValue) }
    }
    /// The list of an object array's elements, or -1.
    var objects: Int {
        get { Int(list) }
        set { list = Int32(truncatingIfNeeded: newValue) }
    }
}
