/// Reads the pages of one column chunk.
struct ChunkDecoder {
    let column: ReadColumn
    let chunk: ReadChunk
    let rowCount: Int
    let pageByteCountMax: Int
    /// Values of one chunk at most: runs of equal levels cost no bytes, only memory.
    let valueCountMax: Int

    private var values: ValueDecoder {
        ValueDecoder(column, textByteCountMax: pageByteCountMax)
    }

    /// The column's values in this chunk.
    ///
    /// - Throws: ``ParquetError``.
    func decode(_ file: UnsafeRawBufferPointer) throws -> ParquetColumn {
        guard let kind = column.field?.kind else {
            throw ParquetError.unsupported(column: column.name, what: column.unsupported)
        }
        guard chunk.physical == column.physical.rawValue else {
            throw ParquetError.corrupt("its type differs between schema and chunk")
        }
        guard max(chunk.valueCount, rowCount) <= valueCountMax else {
            throw ParquetError.tooLarge(
                "\(chunk.valueCount) values of column \"\(column.name)\" in a row group"
            )
        }
        guard column.isList || chunk.valueCount == rowCount else {
            throw ParquetError.corrupt("\(chunk.valueCount) values for \(rowCount) rows")
        }
        var cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: file[chunk.bytes]))
        var builder = ColumnBuilder(column: column)
        var dictionary: [UInt64]?
        var levelCount = 0
        while levelCount < chunk.valueCount {
            let page = try PageHeader(ThriftReader.structure(&cursor))
            let body = try cursor.take(page.storedByteCount)
            switch page.type {
            case PageType.dictionary:
                let bytes = try unpack(body, page)
                dictionary = try bytes.withUnsafeBytes {
                    try readDictionary($0, page, &builder)
                }
            case PageType.data, PageType.dataV2:
                guard page.valueCount <= chunk.valueCount - levelCount, page.valueCount > 0 else {
                    throw ParquetError.corrupt("a page of \(page.valueCount) values")
                }
                try readData(body, page, dictionary, &builder)
                levelCount += page.valueCount
            default: continue
            }
        }
        guard builder.rowCount == rowCount else {
            throw ParquetError.corrupt("\(builder.rowCount) rows where \(rowCount) are promised")
        }
        return builder.finish(kind: kind)
    }

    private func unpack(
        _ body: UnsafeRawBufferPointer,
        _ page: PageHeader,
        levelByteCount: Int = 0
    ) throws -> [UInt8] {
        let byteCount = page.byteCount - levelByteCount
        guard byteCount >= 0, byteCount <= pageByteCountMax else {
            throw ParquetError.corrupt("a page of \(page.byteCount) bytes")
        }
        guard page.isCompressed, chunk.codec != PageCodec.uncompressed else {
            guard body.count == byteCount else {
                throw ParquetError.corrupt("a page of \(body.count) bytes, not \(byteCount)")
            }
            return Array(body)
        }
        switch chunk.codec {
        case PageCodec.zstd: return try Zstd.decompress(body, byteCount: byteCount)
        case PageCodec.snappy: return try Snappy.decompress(body, byteCount: byteCount)
        case PageCodec.gzip: return try Gzip.decompress(body, byteCount: byteCount)
        case PageCodec.lz4Raw: return try LZ4Block.decompress(body, byteCount: byteCount)
        default:
            throw ParquetError.unsupported(
                column: column.name,
                what: PageCodec.name(chunk.codec)
            )
        }
    }

    private func readDictionary(
        _ bytes: UnsafeRawBufferPointer,
        _ page: PageHeader,
        _ builder: inout ColumnBuilder
    ) throws -> [UInt64] {
        guard page.encoding == PageEncoding.plain || page.encoding == PageEncoding.plainDictionary
        else { throw unsupported(page.encoding) }
        var cursor = ByteCursor(bytes)
        if column.physical == .byteArray {
            // Every text takes at least the four bytes of its length.
            guard page.valueCount <= cursor.remaining / 4 else {
                throw ParquetError.corrupt("a page is too short for \(page.valueCount) texts")
            }
            return try (0..<page.valueCount).map { _ in
                let count = try cursor.count32()
                return try builder.addDictionaryText(try cursor.take(count))
            }
        }
        return try values.plain(&cursor, count: page.valueCount, into: &builder)
    }

    /// A data page taken apart: its levels, and where in its bytes the values begin.
    private struct PageContent {
        var repetitions: [UInt32]?
        var definitions: [UInt32]?
        var bytes: [UInt8] = []
        var valueStart = 0
    }

    private func readData(
        _ body: UnsafeRawBufferPointer,
        _ page: PageHeader,
        _ dictionary: [UInt64]?,
        _ builder: inout ColumnBuilder
    ) throws {
        let content =
            page.type == PageType.dataV2 ? try contentV2(body, page) : try contentV1(body, page)
        let definitionMax = column.definitionMax
        let presentCount = content.definitions?.count { $0 == definitionMax } ?? page.valueCount
        let decoded = try content.bytes.withUnsafeBytes { bytes in
            var cursor = ByteCursor(bytes)
            cursor.position = content.valueStart
            return try values.read(
                &cursor,
                encoding: page.encoding,
                count: presentCount,
                dictionary: dictionary,
                into: &builder
            )
        }
        if let repetitions = content.repetitions {
            try builder.append(
                values: decoded,
                definitions: content.definitions
                    ?? Array(repeating: definitionMax, count: page.valueCount),
                repetitions: repetitions
            )
        } else {
            try builder.append(values: decoded, definitions: content.definitions)
        }
    }

    /// A version-1 page: levels and values are compressed together, levels carry their length.
    private func contentV1(
        _ body: UnsafeRawBufferPointer,
        _ page: PageHeader
    ) throws -> PageContent {
        var content = PageContent()
        content.bytes = try unpack(body, page)
        let definitionMax = column.definitionMax
        let (repetitions, definitions, start) = try content.bytes.withUnsafeBytes { bytes in
            var cursor = ByteCursor(bytes)
            var repetitions: [UInt32]?
            var definitions: [UInt32]?
            if column.isList {
                try requireRLE(page.repetitionEncoding)
                repetitions = try levels(&cursor, cursor.count32(), page, max: 1)
            }
            if definitionMax > 0 {
                try requireRLE(page.definitionEncoding)
                definitions = try levels(&cursor, cursor.count32(), page, max: definitionMax)
            }
            return (repetitions, definitions, cursor.position)
        }
        content.repetitions = repetitions
        content.definitions = definitions
        content.valueStart = start
        return content
    }

    /// A version-2 page: levels are plain, their lengths stand in the header.
    private func contentV2(
        _ body: UnsafeRawBufferPointer,
        _ page: PageHeader
    ) throws -> PageContent {
        var content = PageContent()
        var cursor = ByteCursor(body)
        if column.isList {
            content.repetitions = try levels(&cursor, page.repetitionByteCount, page, max: 1)
        } else {
            _ = try cursor.take(page.repetitionByteCount)
        }
        let definitionMax = column.definitionMax
        if definitionMax > 0 {
            content.definitions = try levels(
                &cursor,
                page.definitionByteCount,
                page,
                max: definitionMax
            )
        } else {
            _ = try cursor.take(page.definitionByteCount)
        }
        let levelByteCount = cursor.position
        content.bytes = try unpack(
            try cursor.take(cursor.remaining),
            page,
            levelByteCount: levelByteCount
        )
        return content
    }

    private func levels(
        _ cursor: inout ByteCursor,
        _ byteCount: Int,
        _ page: PageHeader,
        max: UInt32
    ) throws -> [UInt32] {
        var part = ByteCursor(try cursor.take(byteCount))
        return try HybridEncoding.decode(
            &part,
            bitWidth: HybridEncoding.bitWidth(max: Int(max)),
            count: page.valueCount,
            max: max
        )
    }

    private func requireRLE(_ encoding: Int64) throws {
        guard encoding == PageEncoding.rle else { throw unsupported(encoding) }
    }

    private func unsupported(_ encoding: Int64) -> ParquetError {
        .unsupported(column: column.name, what: PageEncoding.name(encoding))
    }
}
