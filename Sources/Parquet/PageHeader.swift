/// The header before each page, with the fields of all page types in one.
struct PageHeader {
    var type: Int64
    /// Bytes of the page once unpacked.
    var byteCount: Int
    /// Bytes of the page in the file.
    var storedByteCount: Int
    var valueCount = 0
    var encoding: Int64 = PageEncoding.plain
    var definitionEncoding: Int64 = PageEncoding.rle
    var repetitionEncoding: Int64 = PageEncoding.rle
    var definitionByteCount = 0
    var repetitionByteCount = 0
    var isCompressed = true

    /// - Throws: ``ParquetError`` `.corrupt` when a field is missing or negative.
    init(_ header: ThriftStructure) throws {
        type = try header.requiredInt(1)
        byteCount = try header.requiredCount(2)
        storedByteCount = try header.requiredCount(3)
        switch type {
        case PageType.data:
            let data = try Self.part(header, 5)
            valueCount = try data.requiredCount(1)
            encoding = try data.requiredInt(2)
            definitionEncoding = try data.requiredInt(3)
            repetitionEncoding = try data.requiredInt(4)
        case PageType.dictionary:
            let dictionary = try Self.part(header, 7)
            valueCount = try dictionary.requiredCount(1)
            encoding = try dictionary.requiredInt(2)
        case PageType.dataV2:
            let data = try Self.part(header, 8)
            valueCount = try data.requiredCount(1)
            encoding = try data.requiredInt(4)
            definitionByteCount = try data.requiredCount(5)
            repetitionByteCount = try data.requiredCount(6)
            isCompressed = try data.bool(7) ?? true
        default: break
        }
    }

    private static func part(_ header: ThriftStructure, _ id: Int) throws -> ThriftStructure {
        guard let part = try header.structure(id) else {
            throw ParquetError.corrupt("a page header is incomplete")
        }
        return part
    }
}
