import Parquet
import Testing

/// A file's content: a schema with the columns of one batch of rows.
struct Sample: Sendable, CustomTestStringConvertible {
    let name: String
    let schema: ParquetSchema
    let columns: [ParquetColumn]
    var options = ParquetOptions()

    var testDescription: String { name }

    /// The file of this sample.
    func file() throws -> [UInt8] {
        var writer = try ParquetWriter(schema: schema, options: options)
        try writer.append(columns)
        return try writer.finish()
    }
}

/// The options of a sample with small pages and row groups.
func smallPages(_ compression: ParquetCompression) -> ParquetOptions {
    var options = ParquetOptions()
    options.compression = compression
    options.rowGroupRowCountMax = 400
    options.pageRowCountMax = 64
    options.pageByteCountMax = 2_000
    return options
}

extension Sample {
    /// Every kind, required and optional, with nulls, in `rowCount` rows.
    static func everyKind(
        _ name: String,
        rowCount: Int,
        options: ParquetOptions = ParquetOptions()
    ) -> Sample {
        let rows = Array(0..<rowCount)
        let validity = rows.map { $0 % 7 != 3 }
        let lengths = rows.map { validity[$0] ? $0 % 5 : 0 }
        var offsets = [0]
        for length in lengths { offsets.append((offsets.last ?? 0) + length) }
        let elements = (0..<(offsets.last ?? 0)).map { Double($0) * 0.25 - 3 }
        let names = ["pump-1", "Wärme-ü", "温度", "", String(repeating: "long ", count: 300)]
        let schema = ParquetSchema(
            [
                ParquetField("flag", .boolean),
                ParquetField("flag_null", .boolean, isOptional: true),
                ParquetField("small", .int32),
                ParquetField("small_null", .int32, isOptional: true),
                ParquetField("number", .int64),
                ParquetField("number_null", .int64, isOptional: true),
                ParquetField("score", .double),
                ParquetField("score_null", .double, isOptional: true),
                ParquetField("constant", .double, isOptional: true),
                ParquetField("time", .timestamp),
                ParquetField("time_null", .timestamp, isOptional: true),
                ParquetField("device", .string),
                ParquetField("device_null", .string, isOptional: true),
                ParquetField("unique", .string),
                ParquetField("features", .doubleList),
                ParquetField("features_null", .doubleList, isOptional: true),
            ],
            metadata: [ParquetMetadata("features", "min,max"), ParquetMetadata("ü", nil)]
        )
        let columns: [ParquetColumn] = [
            .boolean(rows.map { Int8($0 % 3 == 0 ? 1 : 0) }),
            .boolean(rows.map { validity[$0] ? Int8($0 % 2) : -1 }),
            .int32(rows.map { Int32($0 * 7) - 100 }),
            .int32(rows.map { validity[$0] ? Int32($0) : 0 }, validity: validity),
            .int64(rows.map { Int64.min + Int64($0) }),
            .int64(rows.map { validity[$0] ? Int64($0 / 100) : 0 }, validity: validity),
            .double(rows.map { Double($0).squareRoot() }),
            .double(rows.map { validity[$0] ? Double($0) / 3 : 0 }, validity: validity),
            .double(rows.map { validity[$0] ? 2.5 : 0 }, validity: validity),
            .timestamp(rows.map { 1_535_500_800_000_000 + Int64($0) * 1_000_001 }),
            .timestamp(rows.map { validity[$0] ? -Int64($0) : 0 }, validity: validity),
            .strings(rows.map { names[$0 / 50 % names.count] }),
            .strings(rows.map { validity[$0] ? names[$0 % names.count] : nil }),
            .strings(rows.map { "device-\($0 * 977)" }),
            .fixedLists(
                values: (0..<(rowCount * 3)).map(Double.init),
                listLength: 3,
                rowCount: rowCount
            ),
            .doubleList(values: elements, offsets: offsets, validity: validity),
        ]
        return Sample(name: name, schema: schema, columns: columns, options: options)
    }

    static let all: [Sample] = [
        everyKind("empty", rowCount: 0),
        everyKind("one_row", rowCount: 1),
        everyKind("plain", rowCount: 1000),
        everyKind("small_pages_zstd", rowCount: 1000, options: smallPages(.zstd(level: 3))),
        everyKind("small_pages_none", rowCount: 1001, options: smallPages(.none)),
        allNull,
        specialDoubles,
    ]

    static let allNull = Sample(
        name: "all_null",
        schema: ParquetSchema([
            ParquetField("flag", .boolean, isOptional: true),
            ParquetField("score", .double, isOptional: true),
            ParquetField("label", .string, isOptional: true),
            ParquetField("features", .doubleList, isOptional: true),
        ]),
        columns: [
            .boolean([-1, -1, -1]),
            .double([0, 0, 0], validity: [false, false, false]),
            .strings([nil, nil, nil]),
            .doubleList(values: [], offsets: [0, 0, 0, 0], validity: [false, false, false]),
        ]
    )

    static let specialDoubles = Sample(
        name: "special_doubles",
        schema: ParquetSchema([
            ParquetField("zero", .double), ParquetField("infinite", .double),
        ]),
        columns: [
            .double([0.0, -0.0, 0.0, -0.0]),
            .double([.infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude]),
        ]
    )
}

/// A column's rows as text, so that equal content in different layouts compares equal.
func rows(_ column: ParquetColumn) -> [String] {
    let presence = column.presence
    return (0..<column.rowCount).map { row in
        guard presence?[row] ?? true else { return "null" }
        switch column {
        case .boolean(let values): return "\(values[row])"
        case .int32(let values, _): return "\(values[row])"
        case .int64(let values, _), .timestamp(let values, _): return "\(values[row])"
        case .double(let values, _): return "\(values[row])"
        case .string(let dictionary, let indices): return dictionary[Int(indices[row])]
        case .doubleList(let values, let offsets, _):
            return "\(Array(values[offsets[row]..<offsets[row + 1]]))"
        }
    }
}
