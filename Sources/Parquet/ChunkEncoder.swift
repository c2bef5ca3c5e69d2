/// What the footer says about a written column chunk.
struct ChunkInfo {
    var field: ParquetField
    var encodings: [Int64] = []
    var valueCount = 0
    var uncompressedByteCount = 0
    var compressedByteCount = 0
    var dataPageOffset = 0
    var dictionaryPageOffset: Int?
    var statistics: ChunkStatistics
}

/// Writes rows of one column as pages.
struct ChunkEncoder {
    let column: ParquetColumn
    let field: ParquetField
    let options: ParquetOptions
    /// Which rows hold a value, nil when all do.
    let presence: [Bool]?

    init(_ column: ParquetColumn, field: ParquetField, options: ParquetOptions) {
        self.column = column
        self.field = field
        self.options = options
        presence = column.presence
    }

    /// Appends the chunk of rows to a file of which `base` bytes are no longer in `out`.
    ///
    /// - Throws: ``ParquetError`` `.tooLarge` when a page exceeds 2 GiB.
    func encode(
        rows: Range<Int>,
        base: Int,
        with compressor: borrowing PageCompressor,
        into out: inout [UInt8]
    ) throws -> ChunkInfo {
        let texts = texts(rows)
        var info = ChunkInfo(
            field: field,
            statistics: ChunkStatistics(column, rows: rows, presence: presence, texts: texts)
        )
        let plan = DictionaryPlan.make(column, rows: rows, presence: presence, texts: texts)
        if let plan {
            info.dictionaryPageOffset = base + out.count
            let stored = try store(plan.page, compressor)
            appendPage(PageType.dictionary, plan.page, stored, &info, &out) { header in
                header.structure(7) {
                    $0.int32(1, Int64(plan.count))
                    $0.int32(2, PageEncoding.plain)
                }
            }
        }
        let encoding = plan == nil ? PageEncoding.plain : PageEncoding.rleDictionary
        info.encodings = [PageEncoding.plain, PageEncoding.rle]
        if plan != nil { info.encodings.append(encoding) }
        info.dataPageOffset = base + out.count
        var start = rows.lowerBound
        repeat {
            let page = start..<pageEnd(from: start, to: rows.upperBound, texts)
            var body: [UInt8] = []
            let levelCount = appendLevels(page, to: &body)
            if let plan {
                appendCodes(plan, page, chunkStart: rows.lowerBound, to: &body)
            } else {
                PlainEncoding.append(column, rows: page, presence: presence, to: &body)
            }
            info.valueCount += levelCount
            let stored = try store(body, compressor)
            appendPage(PageType.data, body, stored, &info, &out) { header in
                header.structure(5) {
                    $0.int32(1, Int64(levelCount))
                    $0.int32(2, encoding)
                    $0.int32(3, PageEncoding.rle)
                    $0.int32(4, PageEncoding.rle)
                }
            }
            start = page.upperBound
        } while start < rows.upperBound
        return info
    }

    /// What rows of a string column use; nil for those of another.
    private func texts(_ rows: Range<Int>) -> UsedTexts? {
        guard case .string(let dictionary, let indices) = column else { return nil }
        return UsedTexts(dictionary, indices[rows])
    }

    /// Where a page that begins at a row ends, by rows and by bytes of variable values.
    private func pageEnd(from start: Int, to end: Int, _ texts: UsedTexts?) -> Int {
        let rowEnd = min(end, start + max(1, options.pageRowCountMax))
        var byteCount = 0
        switch column {
        case .string(let dictionary, let indices):
            let longest = (texts?.longestByteCount ?? 0) + 4
            if (rowEnd - start) * longest <= options.pageByteCountMax { return rowEnd }
            for row in start..<rowEnd where indices[row] != ParquetColumn.nullIndex {
                byteCount += dictionary.byteCount(of: Int(indices[row])) + 4
                if byteCount > options.pageByteCountMax { return max(start + 1, row) }
            }
        case .doubleList(_, let offsets, _):
            for row in start..<rowEnd {
                byteCount += (offsets[row + 1] - offsets[row]) * 8
                if byteCount > options.pageByteCountMax { return max(start + 1, row) }
            }
        default: break
        }
        return rowEnd
    }

    private func appendCodes(
        _ plan: DictionaryPlan,
        _ rows: Range<Int>,
        chunkStart: Int,
        to body: inout [UInt8]
    ) {
        body.append(UInt8(plan.bitWidth))
        let local = (rows.lowerBound - chunkStart)..<(rows.upperBound - chunkStart)
        guard let presence else {
            HybridEncoding.append(plan.codes[local], bitWidth: plan.bitWidth, to: &body)
            return
        }
        let codes = rows.lazy.filter { presence[$0] }.map { plan.codes[$0 - chunkStart] }
        HybridEncoding.append(Array(codes), bitWidth: plan.bitWidth, to: &body)
    }

    /// The bytes of a page as they are stored.
    private func store(
        _ page: [UInt8],
        _ compressor: borrowing PageCompressor
    ) throws -> [UInt8] {
        guard page.count < Int32.max >> 1 else {
            throw ParquetError.tooLarge(
                "a page of \(page.count) bytes in column \"\(field.name)\""
            )
        }
        return try compressor.compress(page)
    }

    private func appendPage(
        _ type: Int64,
        _ body: [UInt8],
        _ stored: [UInt8],
        _ info: inout ChunkInfo,
        _ out: inout [UInt8],
        _ fill: (inout ThriftWriter) -> Void
    ) {
        let header = ThriftWriter.structure { header in
            header.int32(1, type)
            header.int32(2, Int64(body.count))
            header.int32(3, Int64(stored.count))
            fill(&header)
        }
        out.append(contentsOf: header)
        out.append(contentsOf: stored)
        info.uncompressedByteCount += header.count + body.count
        info.compressedByteCount += header.count + stored.count
    }
}
