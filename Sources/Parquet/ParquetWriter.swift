/// How a file is laid out.
public struct ParquetOptions: Sendable, Equatable {
    public var compression = ParquetCompression.zstd(level: 1)
    /// Rows of one row group at most.
    public var rowGroupRowCountMax = 1_000_000
    /// Rows of one data page at most.
    public var pageRowCountMax = 20_000
    /// Bytes of texts or lists in one data page; a longer single row is a page of its own.
    public var pageByteCountMax = 1 << 20
    /// The writer's name and version in the footer.
    public var createdBy = "fleetscore version 0.1.0"

    public init() {}
}

/// Writes a Parquet file into memory, a batch of rows at a time.
///
/// Texts, and numbers with few distinct values, are stored through a dictionary where that is
/// smaller. Every reader of the format accepts the files.
///
/// - Source: apache/parquet-format 2.11.
public struct ParquetWriter: Sendable {
    private let schema: ParquetSchema
    private let options: ParquetOptions
    private var output: [UInt8] = Array("PAR1".utf8)
    /// Bytes of the file that ``takeOutput()`` has already handed out.
    private var takenByteCount = 0
    private var rowGroups: [RowGroupInfo] = []

    /// - Throws: ``ParquetError`` `.mismatch` for an empty or repeated column name, or no column.
    public init(schema: ParquetSchema, options: ParquetOptions = ParquetOptions()) throws {
        var names: Set<String> = []
        for field in schema.fields {
            guard !field.name.isEmpty, names.insert(field.name).inserted else {
                throw ParquetError.mismatch(
                    column: field.name,
                    what: "column names must be distinct and not empty"
                )
            }
        }
        guard !schema.fields.isEmpty else {
            throw ParquetError.mismatch(column: "", what: "a file needs at least one column")
        }
        self.schema = schema
        self.options = options
    }

    /// Bytes of the file so far.
    public var byteCount: Int { takenByteCount + output.count }

    /// Appends rows, a column for each field in order, as one row group or several.
    ///
    /// - Throws: ``ParquetError`` `.mismatch` or `.tooLarge`; nothing is appended then.
    public mutating func append(_ columns: [ParquetColumn]) throws {
        guard columns.count == schema.fields.count, let first = columns.first else {
            throw ParquetError.mismatch(
                column: schema.fields.first?.name ?? "",
                what: "\(columns.count) columns for \(schema.fields.count) fields"
            )
        }
        let rowCount = first.rowCount
        for (column, field) in zip(columns, schema.fields) {
            try column.check(against: field, rowCount: rowCount)
        }
        guard rowCount > 0 else { return }
        let encoders = zip(columns, schema.fields).map {
            ChunkEncoder($0, field: $1, options: options)
        }
        let compressor = PageCompressor(options.compression)
        let before = (output.count, rowGroups.count)
        do {
            let step = max(1, options.rowGroupRowCountMax)
            for start in stride(from: 0, to: rowCount, by: step) {
                let rows = start..<min(rowCount, start + step)
                var chunks: [ChunkInfo] = []
                for encoder in encoders {
                    chunks.append(
                        try encoder.encode(
                            rows: rows,
                            base: takenByteCount,
                            with: compressor,
                            into: &output
                        )
                    )
                }
                rowGroups.append(RowGroupInfo(rowCount: rows.count, chunks: chunks))
            }
        } catch {
            output.removeLast(output.count - before.0)
            rowGroups.removeLast(rowGroups.count - before.1)
            throw error
        }
    }

    /// Hands out the bytes written so far, so that a large file need not be held whole.
    public mutating func takeOutput() -> [UInt8] {
        takenByteCount += output.count
        defer { output = [] }
        return output
    }

    /// Appends the footer and returns the file, or its rest after ``takeOutput()``.
    public consuming func finish() throws -> [UInt8] {
        let footer = FooterWriter.bytes(schema: schema, rowGroups: rowGroups, options: options)
        guard footer.count <= Int32.max else {
            throw ParquetError.tooLarge("a footer of \(footer.count) bytes")
        }
        output.append(contentsOf: footer)
        withUnsafeBytes(of: UInt32(footer.count).littleEndian) { output.append(contentsOf: $0) }
        output.append(contentsOf: "PAR1".utf8)
        return output
    }
}
