import Foundation
import Parquet
import Testing

/// The interpreter with pyarrow and duckdb; without it these tests are skipped, which CI forbids.
private let python = ProcessInfo.processInfo.environment["FLEETSCORE_PYTHON"]

@Suite(
    "Parquet with other readers",
    .enabled(if: python != nil, "set FLEETSCORE_PYTHON to a python with pyarrow and duckdb")
)
struct OtherReadersTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("fleetscore-parquet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func run(_ mode: String) throws -> (status: Int32, output: String) {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("check_parquet.py")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(python))
        process.arguments = [script.path, mode, folder.path]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    /// A column's rows as JSON values, the form the script compares with.
    private func json(_ column: ParquetColumn) -> [Any] {
        let presence = column.presence
        return (0..<column.rowCount).map { row in
            guard presence?[row] ?? true else { return NSNull() }
            switch column {
            case .boolean(let values): return values[row] == 1
            case .int32(let values, _): return "\(values[row])"
            case .int64(let values, _), .timestamp(let values, _): return "\(values[row])"
            case .double(let values, _): return "\(values[row])"
            case .string(let dictionary, let indices): return dictionary[Int(indices[row])]
            case .doubleList(let values, let offsets, _):
                return values[offsets[row]..<offsets[row + 1]].map { "\($0)" }
            }
        }
    }

    @Test("pyarrow and duckdb read every kind of file as written")
    func othersRead() throws {
        defer { removeFolder() }
        for sample in Sample.all {
            try Data(sample.file()).write(
                to: folder.appendingPathComponent("\(sample.name).parquet")
            )
            let columns = zip(sample.schema.fields, sample.columns).map { field, column in
                [
                    "name": field.name, "kind": field.kind.rawValue,
                    "optional": field.isOptional, "values": json(column),
                ] as [String: Any]
            }
            try JSONSerialization.data(withJSONObject: columns).write(
                to: folder.appendingPathComponent("\(sample.name).json")
            )
        }
        let result = try run("check")
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.contains("\(Sample.all.count) files agree"), "\(result.output)")
    }

    @Test("Files of pyarrow read as pyarrow wrote them")
    func readOthers() throws {
        defer { removeFolder() }
        let result = try run("write")
        try #require(result.status == 0, "\(result.output)")
        let names = [
            "v1_zstd", "v1_plain", "v1_snappy", "v2_zstd", "v2_none", "small_pages", "v1_gzip",
            "v2_gzip", "v1_lz4", "decimals", "int96", "int96_plain", "v1_delta", "v2_delta",
        ]
        for name in names {
            let data = try Data(
                contentsOf: folder.appendingPathComponent("\(name).parquet")
            )
            try [UInt8](data).withUnsafeBytes { bytes in
                let reader = try ParquetReader(bytes: bytes)
                let rowCount = 1000
                #expect(reader.rowCount == rowCount)
                func expect(_ column: String, _ value: (Int) -> String) throws {
                    #expect(
                        rows(try reader.column(column)) == (0..<rowCount).map(value),
                        "\(name) \(column)"
                    )
                }
                try expect("flag") { $0 % 5 == 2 ? "null" : $0 % 2 == 0 ? "1" : "0" }
                try expect("small") { "\($0 - 500)" }
                try expect("number") { $0 % 3 == 0 ? "null" : "\(Int64($0) * 1_000_000_007)" }
                try expect("score") { $0 % 4 == 1 ? "null" : "\(Double($0) / 8)" }
                try expect("time") { "\(1_535_500_800_000_000 + Int64($0))" }
                try expect("milli") { "\(1_535_500_800_000_000 + Int64($0) * 1000)" }
                try expect("device") { $0 % 6 == 5 ? "null" : "pump-ü-\($0 % 10)" }
                try expect("features") { row in
                    row % 9 == 8 ? "null" : "\((0..<(row % 4)).map { Double(row + $0) })"
                }
                try expect("decimal") { $0 % 7 == 3 ? "null" : "\(Double($0 - 500) / 4)" }
                try expect("wide") { "\(Double($0 - 500) * 0x1p70)" }
            }
        }
        let data = try Data(contentsOf: folder.appendingPathComponent("brotli.parquet"))
        try [UInt8](data).withUnsafeBytes { bytes in
            let reader = try ParquetReader(bytes: bytes)
            #expect(
                throws: ParquetError.unsupported(column: "score", what: "codec BROTLI")
            ) { try reader.column("score") }
            #expect(try reader.column("number").rowCount == 1000)
        }
    }

    @Test("Files of duckdb read as duckdb wrote them", arguments: ["v1", "v2"])
    func readDuckDB(version: String) throws {
        defer { removeFolder() }
        let result = try run("write")
        try #require(result.status == 0, "\(result.output)")
        let path = folder.appendingPathComponent("duckdb_\(version).parquet")
        try [UInt8](Data(contentsOf: path)).withUnsafeBytes { bytes in
            let reader = try ParquetReader(bytes: bytes)
            let range = 0..<5000
            #expect(rows(try reader.column("device")) == range.map { "pump-\($0 % 10)" })
            #expect(
                rows(try reader.column("exact")) == range.map { "\(21.5 + Double($0) / 4)" }
            )
            #expect(rows(try reader.column("value")) == range.map { "\(Double($0) / 10)" })
            #expect(
                rows(try reader.column("time"))
                    == range.map { "\(1_535_500_800_000_000 + $0 * 1000)" }
            )
            #expect(
                rows(try reader.column("small"))
                    == range.map { "\($0 * 1_000_003 % 65521 - 30000)" }
            )
        }
    }

    private func removeFolder() {
        do {
            try FileManager.default.removeItem(at: folder)
        } catch {
            Issue.record("cannot remove \(folder.path): \(error)")
        }
    }
}
