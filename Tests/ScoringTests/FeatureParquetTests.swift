import Core
import Parquet
import Scoring
import Testing

@Suite("Features in Parquet files")
struct FeatureParquetTests {
    private func decode(
        _ fields: [ParquetField],
        _ columns: [ParquetColumn],
        perDevice: Bool = false
    ) throws -> FeatureBatch {
        var writer = try ParquetWriter(schema: ParquetSchema(fields, metadata: []))
        try writer.append(columns)
        let bytes = try writer.finish()
        return try bytes.withUnsafeBytes {
            #expect(FeatureParquet.isParquet($0))
            return try FeatureParquet.decode($0, name: "f.parquet", perDevice: perDevice)
        }
    }

    @Test("A double column is a feature; rows are sorted by key and end")
    func columns() throws {
        let batch = try decode(
            [
                ParquetField("device", .string), ParquetField("sensor", .string),
                ParquetField("time", .timestamp), ParquetField("mean", .double),
                ParquetField("max", .double, isOptional: true), ParquetField("note", .string),
            ],
            [
                .strings(["b", "a", "a"]), .strings(["s", "s", "s"]), .timestamp([1, 5, 3]),
                .double([1, 2, 3]), .double([4, 5, 6], validity: [true, false, true]),
                .strings(["x", "y", "z"]),
            ]
        )
        #expect(batch.featureNames == ["mean", "max"])
        #expect(batch.keys.map(\.description) == ["a/s", "b/s"])
        #expect(batch.ends == [3, 5, 1])
        #expect(batch.values.map { $0.isNaN ? -1 : $0 } == [3, 6, 2, -1, 1, 4])
    }

    @Test("A snapshot that a plan wrote is read as well")
    func snapshot() throws {
        let snapshot = try ScoringSamples.features(
            [("a/s", [[1, 2]]), ("b/s", [[3, 4], [5, 6]])],
            names: ["mean", "max"]
        )
        let bytes = try FeatureFile.encode(snapshot)
        let batch = try bytes.withUnsafeBytes {
            try FeatureParquet.decode($0, name: "features.parquet", perDevice: false)
        }
        #expect(batch.keys == snapshot.keys && batch.values == snapshot.values)
        #expect(batch.featureNames == snapshot.featureNames)
    }

    @Test("What is missing is named")
    func missing() throws {
        let error = #expect(throws: FleetError.self) {
            try decode([ParquetField("device", .string)], [.strings(["a"])])
        }
        #expect(error?.message.contains("no column window_end or time") == true)
        let none = #expect(throws: FleetError.self) {
            try decode(
                [ParquetField("device", .string), ParquetField("time", .timestamp)],
                [.strings(["a"]), .timestamp([1])]
            )
        }
        #expect(none?.message.contains("no double column") == true)
    }
}
