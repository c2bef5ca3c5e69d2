/// Reads Parquet files: those of ``ParquetWriter`` and plain ones of other writers.
///
/// It knows all encodings of data pages of version 1 and 2 that writers still use, and snappy,
/// gzip, zstd, LZ4_RAW and no compression. Decimals are read as doubles, times of Spark and Impala
/// (INT96) as timestamps. The bytes must outlive the reader. No bytes can make it trap.
public struct ParquetReader {
    private let file: UnsafeRawBufferPointer
    private let footer: FooterReader
    /// Bytes of one unpacked page at most.
    private let pageByteCountMax: Int
    /// Values of a column in one row group at most.
    private let valueCountMax: Int

    /// - Throws: ``ParquetError`` `.corrupt`.
    public init(
        bytes: UnsafeRawBufferPointer,
        pageByteCountMax: Int = 1 << 30,
        valueCountMax: Int = 1 << 27
    ) throws {
        file = bytes
        footer = try FooterReader(bytes)
        self.pageByteCountMax = pageByteCountMax
        self.valueCountMax = valueCountMax
        let leafCount = footer.rowGroups.map(\.chunks.count).max() ?? 0
        guard footer.columns.allSatisfy({ $0.leafIndex < leafCount || leafCount == 0 }),
            footer.rowGroups.allSatisfy({ $0.chunks.count == leafCount })
        else { throw ParquetError.corrupt("a row group lacks a column") }
    }

    /// The columns this reader can read, in order, and the file's texts.
    public var schema: ParquetSchema {
        ParquetSchema(footer.columns.compactMap(\.field), metadata: footer.metadata)
    }

    /// The names of all columns, those of unknown types included.
    public var columnNames: [String] { footer.columns.map(\.name) }

    /// The program that wrote the file, if it said so.
    public var createdBy: String? { footer.createdBy }

    public var rowCount: Int { footer.rowCount }

    /// Whether a column's timestamps are what clocks showed in a zone that the file does not name.
    ///
    /// Their values are read as if that zone were UTC.
    public func isLocalTime(_ name: String) -> Bool {
        footer.columns.first { $0.name == name }?.isLocalTime ?? false
    }

    /// The rows of each row group.
    public var rowGroupRowCounts: [Int] { footer.rowGroups.map(\.rowCount) }

    /// The last value stored under a key in the file's metadata.
    public func metadata(_ key: String) -> String? {
        footer.metadata.last { $0.key == key }?.value
    }

    /// The values of a column in a row group.
    ///
    /// A string column may hold equal dictionary entries when the file stores texts plainly.
    ///
    /// - Throws: ``ParquetError`` naming the column: `.missingColumn`, `.unsupported`, `.corrupt`.
    public func column(_ name: String, rowGroup: Int) throws -> ParquetColumn {
        guard let column = footer.columns.first(where: { $0.name == name }) else {
            throw ParquetError.missingColumn(name)
        }
        guard column.field != nil else {
            throw ParquetError.unsupported(column: name, what: column.unsupported)
        }
        guard rowGroup >= 0, rowGroup < footer.rowGroups.count else {
            throw ParquetError.corrupt("it has no row group \(rowGroup)")
        }
        let group = footer.rowGroups[rowGroup]
        let decoder = ChunkDecoder(
            column: column,
            chunk: group.chunks[column.leafIndex],
            rowCount: group.rowCount,
            pageByteCountMax: pageByteCountMax,
            valueCountMax: valueCountMax
        )
        do {
            return try decoder.decode(file)
        } catch ParquetError.corrupt(let what) {
            throw ParquetError.corrupt("column \"\(name)\", row group \(rowGroup): \(what)")
        }
    }

    /// The values of a column over all row groups; for files known to be small.
    ///
    /// - Throws: as ``column(_:rowGroup:)``.
    public func column(_ name: String) throws -> ParquetColumn {
        guard let known = footer.columns.first(where: { $0.name == name }) else {
            throw ParquetError.missingColumn(name)
        }
        guard let field = known.field else {
            throw ParquetError.unsupported(column: name, what: known.unsupported)
        }
        var result = ColumnBuilder(column: known).finish(kind: field.kind)
        for group in footer.rowGroups.indices {
            result.append(try column(name, rowGroup: group))
        }
        return result
    }
}
