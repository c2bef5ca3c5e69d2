/// Writes Thrift's compact protocol, the format of page headers and of the footer.
///
/// - Source: thrift-compact-protocol.md of apache/thrift.
struct ThriftWriter {
    private(set) var bytes: [UInt8] = []
    private var lastField = 0

    /// Appends a 32-bit number.
    mutating func int32(_ id: Int, _ value: Int64) {
        header(id, ThriftType.int32)
        varint(zigzag(value))
    }

    /// Appends a 64-bit number.
    mutating func int64(_ id: Int, _ value: Int) {
        header(id, ThriftType.int64)
        varint(zigzag(Int64(value)))
    }

    /// Appends a truth value, held in the field's header.
    mutating func bool(_ id: Int, _ value: Bool) {
        header(id, value ? ThriftType.true : ThriftType.false)
    }

    /// Appends a text.
    mutating func string(_ id: Int, _ value: String) {
        header(id, ThriftType.binary)
        rawString(value)
    }

    /// Appends bytes.
    mutating func binary(_ id: Int, _ value: [UInt8]) {
        header(id, ThriftType.binary)
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// Appends a structure that the closure fills.
    mutating func structure(_ id: Int, _ body: (inout ThriftWriter) -> Void) {
        header(id, ThriftType.structure)
        rawStructure(body)
    }

    /// Appends a list of structures, filled one by one.
    mutating func structures<T>(
        _ id: Int,
        _ items: [T],
        _ body: (inout ThriftWriter, T) -> Void
    ) {
        list(id, count: items.count, of: ThriftType.structure)
        for item in items { rawStructure { body(&$0, item) } }
    }

    /// Appends a list of 32-bit numbers.
    mutating func int32s(_ id: Int, _ values: [Int64]) {
        list(id, count: values.count, of: ThriftType.int32)
        for value in values { varint(zigzag(value)) }
    }

    /// Appends a list of texts.
    mutating func strings(_ id: Int, _ values: [String]) {
        list(id, count: values.count, of: ThriftType.binary)
        for value in values { rawString(value) }
    }

    /// The bytes of one structure.
    static func structure(_ body: (inout ThriftWriter) -> Void) -> [UInt8] {
        var writer = ThriftWriter()
        writer.rawStructure(body)
        return writer.bytes
    }

    private mutating func rawStructure(_ body: (inout ThriftWriter) -> Void) {
        let outer = lastField
        lastField = 0
        body(&self)
        bytes.append(0)
        lastField = outer
    }

    private mutating func rawString(_ value: String) {
        varint(UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    private mutating func header(_ id: Int, _ type: UInt8) {
        let delta = id - lastField
        if delta > 0, delta <= 15 {
            bytes.append(UInt8(delta) << 4 | type)
        } else {
            bytes.append(type)
            varint(zigzag(Int64(id)))
        }
        lastField = id
    }

    private mutating func list(_ id: Int, count: Int, of type: UInt8) {
        header(id, ThriftType.list)
        if count < 15 {
            bytes.append(UInt8(count) << 4 | type)
        } else {
            bytes.append(0xF0 | type)
            varint(UInt64(count))
        }
    }

    private mutating func varint(_ value: UInt64) {
        appendVarint(value, to: &bytes)
    }

    private func zigzag(_ value: Int64) -> UInt64 {
        UInt64(bitPattern: (value << 1) ^ (value >> 63))
    }
}

/// The type numbers of the compact protocol.
enum ThriftType {
    static let `true`: UInt8 = 1
    static let `false`: UInt8 = 2
    static let int8: UInt8 = 3
    static let int16: UInt8 = 4
    static let int32: UInt8 = 5
    static let int64: UInt8 = 6
    static let double: UInt8 = 7
    static let binary: UInt8 = 8
    static let list: UInt8 = 9
    static let set: UInt8 = 10
    static let structure: UInt8 = 12
}

/// Appends a number in groups of seven bits, the lowest first.
func appendVarint(_ value: UInt64, to bytes: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
        bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
    }
    bytes.append(UInt8(rest))
}
