/// Where a column chunk lies in the file and how it is stored.
struct ReadChunk {
    var codec: Int64
    var physical: Int64
    var valueCount: Int
    var bytes: Range<Int>
}

/// A row group of a file being read.
struct ReadRowGroup {
    var rowCount: Int
    /// A chunk for each leaf of the schema.
    var chunks: [ReadChunk]
}

/// What a file's footer says, checked against the file's size.
struct FooterReader {
    var columns: [ReadColumn]
    var metadata: [ParquetMetadata] = []
    var createdBy: String?
    var rowGroups: [ReadRowGroup] = []
    var rowCount: Int

    /// - Throws: ``ParquetError`` `.corrupt`.
    init(_ file: UnsafeRawBufferPointer) throws {
        let magic = Array("PAR1".utf8)
        guard file.count >= 12, file.prefix(4).elementsEqual(magic),
            file.suffix(4).elementsEqual(magic)
        else { throw ParquetError.corrupt("it does not begin and end as a parquet file") }
        var tail = ByteCursor(UnsafeRawBufferPointer(rebasing: file.suffix(8)))
        let footerCount = try tail.count32()
        guard footerCount <= file.count - 12 else {
            throw ParquetError.corrupt("a footer of \(footerCount) bytes")
        }
        let footerStart = file.count - 8 - footerCount
        var cursor = ByteCursor(
            UnsafeRawBufferPointer(rebasing: file[footerStart..<(file.count - 8)])
        )
        let footer = try ThriftReader.structure(&cursor)
        let schema = try SchemaReader(footer.list(2).map { try $0.structure() })
        columns = schema.columns
        rowCount = try footer.requiredCount(3)
        createdBy = try footer.string(6)
        for entry in try footer.list(5) {
            let entry = try entry.structure()
            metadata.append(ParquetMetadata(try entry.string(1) ?? "", try entry.string(2)))
        }
        for group in try footer.list(4) {
            rowGroups.append(try Self.rowGroup(group.structure(), dataEnd: footerStart))
        }
        let total = rowGroups.reduce(0) { $0 &+ $1.rowCount }
        guard total == rowCount else {
            throw ParquetError.corrupt("it promises \(rowCount) rows and lists \(total)")
        }
    }

    private static func rowGroup(
        _ group: ThriftStructure,
        dataEnd: Int
    ) throws -> ReadRowGroup {
        let chunks = try group.list(1).map { item -> ReadChunk in
            let chunk = try item.structure()
            guard try chunk.string(1) == nil else {
                throw ParquetError.corrupt("a column lies in another file")
            }
            guard let meta = try chunk.structure(3) else {
                throw ParquetError.corrupt("a column chunk has no metadata")
            }
            let data = try meta.requiredCount(9)
            let dictionary = try meta.int(11).map { $0 > 0 && $0 < Int64(data) ? Int($0) : data }
            let start = dictionary ?? data
            let count = try meta.requiredCount(7)
            guard start >= 4, start <= dataEnd, count <= dataEnd - start else {
                throw ParquetError.corrupt("a column chunk at \(start) of \(count) bytes")
            }
            return ReadChunk(
                codec: try meta.requiredInt(4),
                physical: try meta.requiredInt(1),
                valueCount: try meta.requiredCount(5),
                bytes: start..<(start + count)
            )
        }
        return ReadRowGroup(rowCount: try group.requiredCount(3), chunks: chunks)
    }
}
