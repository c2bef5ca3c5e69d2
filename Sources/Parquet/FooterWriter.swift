/// A written row group.
struct RowGroupInfo {
    var rowCount: Int
    var chunks: [ChunkInfo]
}

/// Writes the footer that names every column chunk.
///
/// - Source: parquet.thrift of apache/parquet-format 2.11.
enum FooterWriter {
    /// The footer as Thrift bytes, without its length and magic.
    static func bytes(
        schema: ParquetSchema,
        rowGroups: [RowGroupInfo],
        options: ParquetOptions
    ) -> [UInt8] {
        ThriftWriter.structure { file in
            file.int32(1, 2)
            file.structures(2, elements(schema)) { $1.write(to: &$0) }
            file.int64(3, rowGroups.reduce(0) { $0 + $1.rowCount })
            file.structures(4, Array(rowGroups.enumerated())) { out, group in
                append(group.element, ordinal: group.offset, options, to: &out)
            }
            if !schema.metadata.isEmpty {
                file.structures(5, schema.metadata) { out, entry in
                    out.string(1, entry.key)
                    if let value = entry.value { out.string(2, value) }
                }
            }
            file.string(6, options.createdBy)
            // Each column is ordered as its type is; readers ignore bounds without this.
            file.structures(7, schema.fields) { out, _ in out.structure(1) { _ in } }
        }
    }

    private static func append(
        _ group: RowGroupInfo,
        ordinal: Int,
        _ options: ParquetOptions,
        to out: inout ThriftWriter
    ) {
        let codec =
            options.compression == .none ? PageCodec.uncompressed : PageCodec.zstd
        out.structures(1, group.chunks) { chunkOut, chunk in
            chunkOut.int64(2, chunk.dictionaryPageOffset ?? chunk.dataPageOffset)
            chunkOut.structure(3) { append(chunk, codec, to: &$0) }
        }
        out.int64(2, group.chunks.reduce(0) { $0 + $1.uncompressedByteCount })
        out.int64(3, group.rowCount)
        if let first = group.chunks.first {
            out.int64(5, first.dictionaryPageOffset ?? first.dataPageOffset)
        }
        out.int64(6, group.chunks.reduce(0) { $0 + $1.compressedByteCount })
    }

    private static func append(_ chunk: ChunkInfo, _ codec: Int64, to out: inout ThriftWriter) {
        let isList = chunk.field.kind == .doubleList
        out.int32(1, PhysicalType(chunk.field.kind).rawValue)
        out.int32s(2, chunk.encodings)
        out.strings(3, isList ? [chunk.field.name, "list", "element"] : [chunk.field.name])
        out.int32(4, codec)
        out.int64(5, chunk.valueCount)
        out.int64(6, chunk.uncompressedByteCount)
        out.int64(7, chunk.compressedByteCount)
        out.int64(9, chunk.dataPageOffset)
        if let offset = chunk.dictionaryPageOffset { out.int64(11, offset) }
        out.structure(12) { statistics in
            statistics.int64(3, chunk.statistics.nullCount)
            if let max = chunk.statistics.max { statistics.binary(5, max) }
            if let min = chunk.statistics.min { statistics.binary(6, min) }
        }
    }

    private static func elements(_ schema: ParquetSchema) -> [SchemaElement] {
        var elements = [SchemaElement(name: "schema", childCount: schema.fields.count)]
        for field in schema.fields {
            let repetition: Int64 = field.isOptional ? 1 : 0
            guard field.kind == .doubleList else {
                elements.append(
                    SchemaElement(name: field.name, kind: field.kind, repetition: repetition)
                )
                continue
            }
            elements.append(
                SchemaElement(
                    name: field.name,
                    kind: field.kind,
                    repetition: repetition,
                    childCount: 1
                )
            )
            elements.append(SchemaElement(name: "list", repetition: 2, childCount: 1))
            elements.append(SchemaElement(name: "element", kind: .double, repetition: 1))
        }
        return elements
    }
}

/// A node of the schema tree as the footer stores it.
private struct SchemaElement {
    var name: String
    var kind: ParquetKind?
    var repetition: Int64?
    var childCount: Int?

    func write(to out: inout ThriftWriter) {
        if let kind, kind != .doubleList { out.int32(1, PhysicalType(kind).rawValue) }
        if let repetition { out.int32(3, repetition) }
        out.string(4, name)
        if let childCount { out.int32(5, Int64(childCount)) }
        switch kind {
        case .string:
            out.int32(6, 0)
            out.structure(10) { $0.structure(1) { _ in } }
        case .timestamp:
            out.int32(6, 10)
            out.structure(10) { logical in
                logical.structure(8) { timestamp in
                    timestamp.bool(1, true)
                    timestamp.structure(2) { $0.structure(2) { _ in } }
                }
            }
        case .doubleList:
            out.int32(6, 3)
            out.structure(10) { $0.structure(3) { _ in } }
        default: break
        }
    }
}
