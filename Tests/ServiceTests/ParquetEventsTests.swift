import Core
import Foundation
import Parquet
import Service
import Testing
import Wire

@Suite("Events in Parquet files")
struct ParquetEventsTests {
    private static let start: Int64 = 1_772_323_200_000_000

    private static func file(
        _ fields: [ParquetField],
        _ columns: [ParquetColumn]
    ) throws -> [UInt8] {
        var writer = try ParquetWriter(schema: ParquetSchema(fields))
        try writer.append(columns)
        return try writer.finish()
    }

    private static func decode(
        _ file: [UInt8],
        _ change: (inout DecodeOptions) throws -> Void = { _ in }
    ) throws -> ParquetEvents {
        var options = DecodeOptions()
        try change(&options)
        return try file.withUnsafeBytes { try ParquetEvents.decode($0, options: options) }
    }

    private static func rows(_ batch: EventBatch) -> [String] {
        (0..<batch.count).map { row in
            let key = batch.series.keys[Int(batch.seriesIndex[row])]
            return "\(key) \(batch.times[row] - start) \(batch.values[row])"
        }
    }

    @Test("An exported file is read back as it was")
    func roundTrip() throws {
        var batch = EventBatch()
        for row in 0..<1000 {
            batch.append(
                try SeriesKey(device: "d\(row % 7)", sensor: "s\(row % 3)"),
                Timestamp(microseconds: Self.start + Int64(row)),
                Double(row) / 7
            )
        }
        let events = try Self.decode(EventFile.encode(batch))
        #expect(Self.rows(events.batch) == Self.rows(batch))
        #expect(events.rejectedCount == 0 && events.ignoredColumns.isEmpty)
    }

    @Test("Null and NaN are no readings; other bad cells are rejected alone and by row")
    func badCells() throws {
        let file = try Self.file(
            [
                ParquetField("TS", .int64, isOptional: true),
                ParquetField("Device", .string, isOptional: true),
                ParquetField("tag", .string, isOptional: true), ParquetField("Val", .double),
            ],
            [
                .int64(
                    [
                        1_772_323_200, 0, 1_772_323_201, 1_772_323_202, -5, 1_772_323_203,
                        1_772_323_204,
                    ],
                    validity: [true, false, true, true, true, true, true]
                ),
                .strings(["d", "d", nil, "d", "d", "d/x", "d"]),
                .strings(["s", "s", "s", nil, "s", "s", "s"]),
                .double([1, 2, 3, 4, 5, 6, .nan]),
            ]
        )
        let events = try Self.decode(file)
        #expect(Self.rows(events.batch) == ["d/s 0 1.0"])
        #expect(
            events.rejectedByReason == [
                "missing_time": 1, "missing_device": 1, "missing_sensor": 1, "bad_time": 1,
                "bad_name": 1,
            ]
        )
        #expect(events.rejected.map(\.row) == [2, 3, 4, 5, 6])
    }

    @Test("Each number column of a wide table is a sensor; texts are ignored and named")
    func wide() throws {
        let file = try Self.file(
            [
                ParquetField("time", .timestamp), ParquetField("machine", .string),
                ParquetField("temperature", .double, isOptional: true),
                ParquetField("running", .boolean), ParquetField("count", .int32),
                ParquetField("note", .string), ParquetField("__index_level_0__", .int64),
            ],
            [
                .timestamp([Self.start, Self.start + 1]), .strings(["a", "b"]),
                .double([1.5, 0], validity: [true, false]), .boolean([1, 0]), .int32([7, 8]),
                .strings(["x", "y"]), .int64([0, 1]),
            ]
        )
        let events = try Self.decode(file) { $0.columns = ["device": "machine"] }
        #expect(
            Self.rows(events.batch) == [
                "a/temperature 0 1.5", "a/running 0 1.0", "a/count 0 7.0", "b/running 1 0.0",
                "b/count 1 8.0",
            ]
        )
        #expect(events.ignoredColumns == ["note"])
    }

    @Test("Texts and numbers mean the times that they mean in CSV")
    func times() throws {
        let texts = [
            "2026-03-01T00:00:00Z", "2026-03-01 01:00:00", "1772323200", "1772323200000",
            "1772323200000000", "1772323200000000000", "nonsense", "2026-03-01T00:00:00+02:00",
        ]
        let zone = try TimeZoneRules.load("Europe/Berlin")
        let table = "time,device,sensor,value\n" + texts.map { "\($0),d,s,1\n" }.joined()
        var options = DecodeOptions()
        options.timeZone = zone
        let csv = try Array(table.utf8).withUnsafeBytes {
            try EventDecoder.decode($0, format: .csv, options: options, limits: Limits())
        }
        let count = texts.count
        let file = try Self.file(
            [
                ParquetField("time", .string), ParquetField("device", .string),
                ParquetField("sensor", .string), ParquetField("value", .int64),
            ],
            [
                .strings(texts), .strings(Array(repeating: "d", count: count)),
                .strings(Array(repeating: "s", count: count)),
                .int64(Array(repeating: 1, count: count)),
            ]
        )
        let events = try Self.decode(file) { $0.timeZone = zone }
        #expect(events.batch.times == csv.batch.times && events.batch.count == count - 1)
        #expect(events.rejectedByReason == csv.rejectedByReason)
        let numbers = texts.compactMap { Int64($0) }
        let integers = try Self.file(
            [ParquetField("time", .int64), ParquetField("x", .double)],
            [.int64(numbers), .double(numbers.map { _ in 1 })]
        )
        let found = try Self.decode(integers) { $0.defaultDevice = "plant" }
        #expect(found.batch.times == Array(repeating: Self.start, count: 4))
        #expect(found.batch.series.keys.first?.device == "plant")
        let floats = try Self.file(
            [ParquetField("time", .double), ParquetField("x", .double)],
            [.double([1_772_323_200.25, .nan, -1]), .double([1, 2, 3])]
        )
        let fractions = try Self.decode(floats)
        #expect(fractions.batch.times == [Self.start + 250_000])
        #expect(fractions.rejectedByReason == ["missing_time": 1, "bad_time": 1])
    }

    @Test("A table that cannot be used says which column it lacks")
    func refused() throws {
        let file = try Self.file([ParquetField("x", .double)], [.double([1])])
        #expect {
            try Self.decode(file)
        } throws: { error in
            "\(error)".contains("no time column") && "\(error)".contains("`columns`: time=NAME")
        }
        #expect(throws: FleetError.self) { try Self.decode(Array("PAR1 and no more".utf8)) }
        #expect(throws: FleetError.self) { try Self.decode([]) }
        let renamed = try Self.file(
            [ParquetField("time", .int64), ParquetField("x", .double)],
            [.int64([1]), .double([1])]
        )
        #expect {
            try Self.decode(renamed) { $0.columns = ["time": "tim"] }
        } throws: { error in
            "\(error)".contains("\"time\"")
        }
    }

    @Test("Damaged files are refused and never trap")
    func damaged() throws {
        var batch = EventBatch()
        for row in 0..<50 {
            batch.append(
                try SeriesKey(device: "d\(row % 3)", sensor: "s"),
                Timestamp(microseconds: Self.start + Int64(row)),
                Double(row)
            )
        }
        let file = try EventFile.encode(batch)
        var refused = 0
        for place in file.indices {
            var bytes = file
            bytes[place] ^= 0xFF
            do {
                _ = try Self.decode(bytes)
            } catch {
                #expect(error is FleetError)
                refused += 1
            }
        }
        #expect(refused > file.count / 4)
    }
}

/// The interpreter with pyarrow and duckdb; without it these tests are skipped, which CI forbids.
private let python = ProcessInfo.processInfo.environment["FLEETSCORE_PYTHON"]

@Suite(
    "Events in Parquet files of others",
    .enabled(if: python != nil, "set FLEETSCORE_PYTHON to a python with pyarrow and duckdb")
)
struct ParquetEventsOfOthersTests {
    /// The same six readings, as each program writes them when nothing is chosen.
    private static let script = """
        import sys, datetime, duckdb, pyarrow as pa, pyarrow.parquet as pq
        folder = sys.argv[1]
        start = datetime.datetime(2026, 3, 1)
        times = [start + datetime.timedelta(seconds=r) for r in range(6)]
        device, sensor = ["a", "b"] * 3, ["s"] * 6
        value = [r / 8 for r in range(6)]
        def table(kind):
            return pa.table({"time": pa.array(times, pa.timestamp(kind)), "device": device,
                             "sensor": pa.array(sensor).dictionary_encode(), "value": value})
        for kind in ("ms", "us", "ns"):
            pq.write_table(table(kind), f"{folder}/pyarrow_{kind}.parquet")
        for codec in ("none", "zstd", "snappy"):
            pq.write_table(table("us"), f"{folder}/codec_{codec}.parquet", compression=codec)
        pq.write_table(table("us"), f"{folder}/pages.parquet", data_page_version="2.0")
        rows = "select * from (values " + ",".join(
            f"(timestamp '{t}', '{d}', 's', {v}::double)"
            for t, d, v in zip(times, device, value)) + ") t(time, device, sensor, value)"
        duckdb.sql(f"copy ({rows}) to '{folder}/duckdb.parquet' (format parquet)")
        try:
            import pandas as pd
        except ImportError:
            sys.exit(0)
        frame = pd.DataFrame({"device": device, "sensor": sensor, "value": value},
                             index=pd.DatetimeIndex(times))
        frame.to_parquet(f"{folder}/pandas.parquet")
        """

    @Test("pyarrow, pandas and DuckDB files are read as they write them")
    func others() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("fleetscore-events-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer {
            do { try FileManager.default.removeItem(at: folder) } catch { Issue.record(error) }
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(python))
        process.arguments = ["-c", Self.script, folder.path]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.count >= 8)
        for name in names.sorted() {
            let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
            let events = try bytes.withUnsafeBytes {
                try ParquetEvents.decode($0, options: DecodeOptions())
            }
            let batch = events.batch
            #expect(events.rejectedCount == 0, "\(name)")
            #expect(batch.values == (0..<6).map { Double($0) / 8 }, "\(name)")
            #expect(
                batch.times == (0..<6).map { 1_772_323_200_000_000 + $0 * 1_000_000 },
                "\(name)"
            )
            #expect(
                batch.seriesIndex.map { batch.series.keys[Int($0)].description }
                    == ["a/s", "b/s", "a/s", "b/s", "a/s", "b/s"],
                "\(name)"
            )
        }
    }
}
