import Parquet
import Testing

@Suite("Parquet writer and reader") struct ParquetWriterTests {
    @Test("Every kind reads back as written", arguments: Sample.all)
    func roundTrip(sample: Sample) throws {
        let file = try sample.file()
        try file.withUnsafeBytes { bytes in
            let reader = try ParquetReader(bytes: bytes)
            #expect(reader.schema == sample.schema)
            #expect(reader.rowCount == sample.columns[0].rowCount)
            for (field, column) in zip(sample.schema.fields, sample.columns) {
                let read = try reader.column(field.name)
                #expect(read.kind == field.kind)
                #expect(rows(read) == rows(column), "column \(field.name)")
            }
        }
    }

    @Test("Rows beyond the limit start a new row group")
    func rowGroups() throws {
        let sample = Sample.everyKind("groups", rowCount: 1001, options: smallPages(.none))
        try sample.file().withUnsafeBytes { bytes in
            let reader = try ParquetReader(bytes: bytes)
            #expect(reader.rowGroupRowCounts == [400, 400, 201])
            #expect(reader.createdBy == "fleetscore version 0.1.0")
            #expect(reader.metadata("features") == "min,max")
            guard case .int32(let values, nil) = try reader.column("small", rowGroup: 2) else {
                Issue.record("not an int32 column")
                return
            }
            #expect(values.first == Int32(5500))
        }
    }

    @Test("Bytes taken on the way and the rest make the same file")
    func takeOutput() throws {
        let sample = Sample.everyKind("taken", rowCount: 300)
        var whole = try ParquetWriter(schema: sample.schema)
        var parts = try ParquetWriter(schema: sample.schema)
        var bytes: [UInt8] = []
        for _ in 0..<3 {
            try whole.append(sample.columns)
            try parts.append(sample.columns)
            bytes += parts.takeOutput()
        }
        #expect(parts.byteCount == bytes.count)
        #expect(try bytes + parts.finish() == whole.finish())
    }

    @Test("A repeated text is stored once")
    func dictionaryIsSmaller() throws {
        func size(_ texts: [String?]) throws -> Int {
            var options = ParquetOptions()
            options.compression = .none
            let schema = ParquetSchema([ParquetField("text", .string)])
            var writer = try ParquetWriter(schema: schema, options: options)
            try writer.append([.strings(texts)])
            return try writer.finish().count
        }
        let same = try size(Array(repeating: "a device with a long name", count: 10_000))
        #expect(same < 1_000)
        #expect(try size((0..<10_000).map { "device \($0)" }) > 100_000)
    }

    @Test("Only the texts a row group uses enter its dictionary")
    func unusedTexts() throws {
        let schema = ParquetSchema([ParquetField("text", .string)])
        var writer = try ParquetWriter(schema: schema)
        let dictionary = ParquetTexts((0..<1000).map { "name number \($0)" })
        try writer.append([
            .string(dictionary: dictionary, indices: Array(repeating: 999, count: 100))
        ])
        try writer.finish().withUnsafeBytes { bytes in
            let column = try ParquetReader(bytes: bytes).column("text", rowGroup: 0)
            #expect(
                column
                    == .string(
                        dictionary: ["name number 999"],
                        indices: Array(repeating: 0, count: 100)
                    )
            )
        }
    }

    struct Misfit: Sendable {
        let column: ParquetColumn
        let what: String
    }

    @Test(
        "A column that does not fit its field is refused by name",
        arguments: [
            Misfit(column: .int64([1, 2]), what: "it is a double column, not int64"),
            Misfit(column: .double([1]), what: "it has 1 rows where others have 2"),
            Misfit(
                column: .double([1, 2], validity: [true, false]),
                what: "a required column holds a null"
            ),
            Misfit(
                column: .double([1, 2], validity: [true]),
                what: "its validity has another length than its values"
            ),
        ]
    )
    func misfit(misfit: Misfit) throws {
        let schema = ParquetSchema([ParquetField("id", .int64), ParquetField("score", .double)])
        var writer = try ParquetWriter(schema: schema)
        let before = writer.byteCount
        #expect(throws: ParquetError.mismatch(column: "score", what: misfit.what)) {
            try writer.append([.int64([1, 2]), misfit.column])
        }
        #expect(writer.byteCount == before)
    }

    @Test("Indices and offsets outside their values are refused")
    func badIndices() throws {
        let texts = ParquetSchema([ParquetField("text", .string)])
        var writer = try ParquetWriter(schema: texts)
        #expect(throws: ParquetError.self) {
            try writer.append([.string(dictionary: ["a"], indices: [0, 1])])
        }
        let lists = ParquetSchema([ParquetField("list", .doubleList)])
        for offsets in [[0, 3], [2, 1], [-1, 1], [0, 1, 1]] {
            var writer = try ParquetWriter(schema: lists)
            let first = ParquetColumn.doubleList(values: [1, 2], offsets: offsets)
            if offsets.count == 3 {
                #expect(throws: Never.self) { try writer.append([first]) }
            } else {
                #expect(throws: ParquetError.self) { try writer.append([first]) }
            }
        }
    }

    @Test("Column names must be distinct and not empty")
    func columnNames() {
        for names in [["a", "a"], [""], []] {
            let schema = ParquetSchema(names.map { ParquetField($0, .int64) })
            #expect(throws: ParquetError.self) { _ = try ParquetWriter(schema: schema) }
        }
    }
}
