import Core
import Fleets
import TestKit
import Testing

@Suite("Zip archives of models")
struct ZipArchiveTests {
    private func read(_ archive: [UInt8]) throws -> [ModelFile] {
        let folder = try TemporaryFolder()
        let files = try ModelFiles.archive(archive, name: "test.zip", staging: folder.path)
        var buffer = FileBuffer()
        return try (0..<files.count).map { index in
            ModelFile(
                path: files.path(at: index),
                bytes: try files.withBytes(
                    at: index,
                    byteCountMax: 1 << 20,
                    buffer: &buffer
                ) { Array($0) }
            )
        }
    }

    @Test("stored, deflated and empty files come out, folders do not")
    func plainFiles() throws {
        let files = try read(Self.plain)
        #expect(files.map(\.path) == ["models/a.pkl", "b.bin", "empty"])
        #expect(files.map(\.bytes) == [[1, 2, 3], [UInt8](repeating: 7, count: 600), []])
    }

    @Test("sizes and places in zip64 fields are read")
    func zip64() throws {
        let files = try read(Self.wide)
        #expect(files.map(\.path) == ["big"])
        #expect(files.map(\.bytes) == [[UInt8](repeating: 5, count: 10)])
    }

    @Test("a cut archive is refused")
    func cuts() throws {
        for length in stride(from: 4, to: Self.plain.count, by: 3) {
            #expect(throws: FleetError.self, "\(length)") {
                try read(Array(Self.plain.prefix(length)))
            }
        }
    }

    @Test("any changed byte gives the files, an error, or what its checksum allows; never a trap")
    func damage() throws {
        let good = try read(Self.plain).map(\.bytes)
        for archive in [Self.plain, Self.wide] {
            for position in archive.indices {
                for change: UInt8 in [0x01, 0x80, 0xFF] {
                    var bytes = archive
                    bytes[position] ^= change
                    do {
                        for file in try read(bytes) where archive == Self.plain {
                            #expect(good.contains(file.bytes), "\(position)")
                        }
                    } catch let error as FleetError {
                        #expect(!error.message.isEmpty)
                    }
                }
            }
        }
    }

    @Test("a name that leads outside is refused")
    func traversal() throws {
        let evil = TarArchive.make([("models/../../etc/x.pkl", [1])])
        let error = try #require(throws: FleetError.self) { try read(evil) }
        #expect(error.message.contains("outside itself"))
        #expect(throws: FleetError.self) { try read(TarArchive.make([("/etc/x", [1])])) }
    }
}
