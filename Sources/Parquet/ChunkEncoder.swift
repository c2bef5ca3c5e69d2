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
    func encode(rows: Range<Int>, base: Int, into out: inout [UInt8]) throws -> ChunkInfo {
        var info = ChunkInfo(
            field: field,
            statistics: ChunkStatistics(column, rows: rows, presence: presence)
        )
        let plan = DictionaryPlan.make(column, rows: rows, presence: presence)
        if let plan {
            info.dictionaryPageOffset = base + out.count
            try appendPage(PageType.dictionary, plan.page, &info, &out) { header in
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
            let page = start..<pageEnd(from: start, to: rows.upperBound)
            var body: [UInt8] = []
            let levelCount = appendLevels(page, to: &body)
            if let plan {
                appendCodes(plan, page, chunkStart: rows.lowerBound, to: &body)
            } else {
                PlainEncoding.append(column, rows: page, presence: presence, to: &body)
            }
            info.valueCount += levelCount
            try appendPage(PageType.data, body, &info, &out) { header in
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

    /// Where a page that begins at a row ends, by rows and by bytes of variable values.
    private func pageEnd(from start: Int, to end: Int) -> Int {
        let rowEnd = min(end, start + max(1, options.pageRowCountMax))
        var byteCount = 0
        switch column {
        case .string(let dictionary, let indices):
            for row in start..<rowEnd where indices[row] != ParquetColumn.nullIndex {
                byteCount += dictionary[Int(indices[row])].utf8.count + 4
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

    /// Appends the levels of a page and returns their count.
    private func appendLevels(_ rows: Range<Int>, to body: inout [UInt8]) -> Int {
        guard case .doubleList(_, let offsets, _) = column else {
            if field.isOptional { appendDefinitions(rows, to: &body) }
            return rows.count
        }
        let base: UInt32 = field.isOptional ? 1 : 0
        var repetitions: [UInt32] = []
        var definitions: [UInt32] = []
        for row in rows {
            let count = offsets[row + 1] - offsets[row]
            let isPresent = presence?[row] ?? true
            repetitions.append(0)
            guard isPresent, count > 0 else {
                definitions.append(isPresent ? base : 0)
                continue
            }
            repetitions.append(contentsOf: repeatElement(1, count: count - 1))
            definitions.append(contentsOf: repeatElement(base + 2, count: count))
        }
        appendWithLength(repetitions, bitWidth: 1, to: &body)
        appendWithLength(definitions, bitWidth: 2, to: &body)
        return repetitions.count
    }

    private func appendDefinitions(_ rows: Range<Int>, to body: inout [UInt8]) {
        if let presence {
            appendWithLength(rows.map { presence[$0] ? 1 : 0 }, bitWidth: 1, to: &body)
            return
        }
        var run: [UInt8] = []
        HybridEncoding.appendRun(1, count: rows.count, 1, to: &run)
        appendLength(run.count, to: &body)
        body.append(contentsOf: run)
    }

    private func appendWithLength(
        _ levels: [UInt32],
        bitWidth: Int,
        to body: inout [UInt8]
    ) {
        var encoded: [UInt8] = []
        HybridEncoding.append(levels, bitWidth: bitWidth, to: &encoded)
        appendLength(encoded.count, to: &body)
        body.append(contentsOf: encoded)
    }

    private func appendLength(_ count: Int, to body: inout [UInt8]) {
        withUnsafeBytes(of: UInt32(truncatingIfNeeded: count).littleEndian) {
            body.append(contentsOf: $0)
        }
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
            HybridEncoding.append(Array(plan.codes[local]), bitWidth: plan.bitWidth, to: &body)
            return
        }
        let codes = rows.lazy.filter { presence[$0] }.map { plan.codes[$0 - chunkStart] }
        HybridEncoding.append(Array(codes), bitWidth: plan.bitWidth, to: &body)
    }

    private func appendPage(
        _ type: Int64,
        _ body: [UInt8],
        _ info: inout ChunkInfo,
        _ out: inout [UInt8],
        _ fill: (inout ThriftWriter) -> Void
    ) throws {
        guard body.count < Int32.max >> 1 else {
            throw ParquetError.tooLarge(
                "a page of \(body.count) bytes in column \"\(field.name)\""
            )
        }
        let stored =
            switch options.compression {
            case .none: body
            case .zstd(let level): try Zstd.compress(body, level: level)
            }
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
