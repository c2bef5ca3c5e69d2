/// A value of the compact protocol.
enum ThriftValue {
    case bool(Bool)
    case int(Int64)
    case double
    case bytes(UnsafeRawBufferPointer)
    case list([ThriftValue])
    case structure(ThriftStructure)
}

/// The fields of a structure by their ids.
struct ThriftStructure {
    var fields: [(id: Int, value: ThriftValue)] = []

    /// The value of a field, nil when absent.
    func value(_ id: Int) -> ThriftValue? {
        fields.first { $0.id == id }?.value
    }

    /// The number in a field, nil when absent.
    func int(_ id: Int) throws -> Int64? {
        guard let value = value(id) else { return nil }
        guard case .int(let number) = value else { throw wrongType(id) }
        return number
    }

    /// The number in a field that must be there.
    func requiredInt(_ id: Int) throws -> Int64 {
        guard let number = try int(id) else {
            throw ParquetError.corrupt("metadata field \(id) is missing")
        }
        return number
    }

    /// The count in a field that must be there, from 0 to 2^48.
    func requiredCount(_ id: Int) throws -> Int {
        let number = try requiredInt(id)
        guard number >= 0, number < 1 << 48 else {
            throw ParquetError.corrupt("metadata field \(id) is \(number)")
        }
        return Int(number)
    }

    /// The truth value in a field, nil when absent.
    func bool(_ id: Int) throws -> Bool? {
        guard let value = value(id) else { return nil }
        guard case .bool(let flag) = value else { throw wrongType(id) }
        return flag
    }

    /// The text in a field, nil when absent.
    func string(_ id: Int) throws -> String? {
        guard let value = value(id) else { return nil }
        return try value.string()
    }

    /// The structure in a field, nil when absent.
    func structure(_ id: Int) throws -> ThriftStructure? {
        guard let value = value(id) else { return nil }
        return try value.structure()
    }

    /// The list in a field, empty when absent.
    func list(_ id: Int) throws -> [ThriftValue] {
        guard let value = value(id) else { return [] }
        guard case .list(let items) = value else { throw wrongType(id) }
        return items
    }

    private func wrongType(_ id: Int) -> ParquetError {
        .corrupt("metadata field \(id) has the wrong type")
    }
}

extension ThriftValue {
    /// This value as text.
    func string() throws -> String {
        guard case .bytes(let bytes) = self,
            let text = String(validating: bytes, as: UTF8.self)
        else { throw ParquetError.corrupt("a text in the metadata is not utf-8") }
        return text
    }

    /// This value as a structure.
    func structure() throws -> ThriftStructure {
        guard case .structure(let structure) = self else {
            throw ParquetError.corrupt("a structure is missing in the metadata")
        }
        return structure
    }
}

/// Reads Thrift's compact protocol from bytes nobody vouches for.
struct ThriftReader {
    /// Structures and lists within each other.
    private static let depthMax = 16

    /// Reads one structure and leaves the cursor after it.
    static func structure(_ cursor: inout ByteCursor) throws -> ThriftStructure {
        try structure(&cursor, depth: 0)
    }

    private static func structure(
        _ cursor: inout ByteCursor,
        depth: Int
    ) throws -> ThriftStructure {
        guard depth < depthMax else { throw ParquetError.corrupt("its metadata nests too deep") }
        var result = ThriftStructure()
        var last: Int64 = 0
        while true {
            let header = try cursor.byte()
            if header == 0 { return result }
            let delta = Int64(header >> 4)
            let id = delta == 0 ? try zigzag(&cursor) : last + delta
            guard id > 0, id <= Int64(Int16.max) else {
                throw ParquetError.corrupt("metadata field id \(id)")
            }
            last = id
            let type = header & 0x0F
            let value: ThriftValue =
                switch type {
                case ThriftType.true: .bool(true)
                case ThriftType.false: .bool(false)
                default: try self.value(&cursor, type: type, depth: depth)
                }
            result.fields.append((Int(id), value))
        }
    }

    private static func value(
        _ cursor: inout ByteCursor,
        type: UInt8,
        depth: Int
    ) throws -> ThriftValue {
        switch type {
        case ThriftType.true, ThriftType.false: return .bool(try cursor.byte() == 1)
        case ThriftType.int8: return .int(Int64(Int8(bitPattern: try cursor.byte())))
        case ThriftType.int16, ThriftType.int32, ThriftType.int64:
            return .int(try zigzag(&cursor))
        case ThriftType.double:
            _ = try cursor.take(8)
            return .double
        case ThriftType.binary:
            return .bytes(try cursor.take(try count(&cursor)))
        case ThriftType.list, ThriftType.set:
            return .list(try list(&cursor, depth: depth + 1))
        case ThriftType.structure:
            return .structure(try structure(&cursor, depth: depth + 1))
        default:
            throw ParquetError.corrupt("metadata of unknown type \(type)")
        }
    }

    private static func list(_ cursor: inout ByteCursor, depth: Int) throws -> [ThriftValue] {
        guard depth < depthMax else { throw ParquetError.corrupt("its metadata nests too deep") }
        let header = try cursor.byte()
        let short = Int(header >> 4)
        let count = short == 15 ? try count(&cursor) : short
        // Every element takes at least a byte, so no count can ask for more memory than that.
        guard count <= cursor.remaining else {
            throw ParquetError.corrupt("a metadata list of \(count) elements")
        }
        var items: [ThriftValue] = []
        items.reserveCapacity(count)
        for _ in 0..<count {
            items.append(try value(&cursor, type: header & 0x0F, depth: depth))
        }
        return items
    }

    private static func count(_ cursor: inout ByteCursor) throws -> Int {
        let count = try cursor.varint()
        guard count <= UInt64(cursor.remaining) else {
            throw ParquetError.corrupt("\(count) bytes wanted where \(cursor.remaining) are left")
        }
        return Int(count)
    }

    private static func zigzag(_ cursor: inout ByteCursor) throws -> Int64 {
        let raw = try cursor.varint()
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }
}
