import Core
import Fleets
import Testing

@Suite("Archives of models")
struct TarArchiveTests {
    static let files: [(name: String, bytes: [UInt8])] = [
        ("models/a.pkl", [1, 2, 3]),
        ("empty", []),
        (String(repeating: "d/", count: 40) + String(repeating: "n", count: 90), [9]),
        ("block", [UInt8](repeating: 7, count: 512)),
        ("more", [UInt8](repeating: 8, count: 1500)),
        (String(repeating: "x", count: 100), [4]),
        (String(repeating: "ü", count: 200), [5]),
    ]

    private func read(_ archive: [UInt8]) throws -> [ModelFile] {
        let folder = try TemporaryFolder()
        let files = try ModelFiles.archive(archive, name: "test.tar", staging: folder.path)
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

    @Test("what was put into an archive is what it holds, long names too")
    func roundTrip() throws {
        let found = try read(TarArchive.make(Self.files))
        #expect(found.map(\.path) == Self.files.map(\.name))
        #expect(found.map(\.bytes) == Self.files.map(\.bytes))
        #expect(try read(TarArchive.make([])).isEmpty)
    }

    @Test("an archive cut inside a file is refused as truncated")
    func truncated() throws {
        let archive = TarArchive.make([("model_a_b.pkl", [UInt8](repeating: 1, count: 2000))])
        for length in [513, 1000, 2511] {
            let error = try #require(throws: FleetError.self) {
                try read(Array(archive.prefix(length)))
            }
            #expect(error.code == .invalidArgument, "\(length)")
            #expect(error.description.contains("truncated"), "\(length): \(error)")
        }
    }

    @Test("a cut archive never gives more or other files than the whole one")
    func cuts() throws {
        let archive = TarArchive.make(Self.files)
        for length in stride(from: 0, through: archive.count, by: 97) {
            do {
                let found = try read(Array(archive.prefix(length)))
                #expect(zip(found, Self.files).allSatisfy { $0.bytes == $1.bytes }, "\(length)")
                #expect(found.count <= Self.files.count)
            } catch let error as FleetError {
                #expect(error.code == .invalidArgument)
            }
        }
    }

    @Test("a changed header is refused by its checksum, and so is what is no archive")
    func malformed() throws {
        var archive = TarArchive.make([("a", [1])])
        archive[3] ^= 0x40
        #expect(throws: FleetError.self) { try read(archive) }
        let text = [UInt8](repeating: 0x41, count: 1024)
        #expect(throws: FleetError.self) { try read(text) }
    }

    @Test("a size beyond all numbers is refused")
    func hugeSize() throws {
        var archive = TarArchive.make([("a", [1])])
        archive.replaceSubrange(124..<136, with: [0x80] + [UInt8](repeating: 0xFF, count: 11))
        var sum = 0
        for (index, byte) in archive[..<512].enumerated() {
            sum += (148..<156).contains(index) ? 0x20 : Int(byte)
        }
        let octal = String(sum, radix: 8)
        let field = String(repeating: "0", count: 6 - octal.count) + octal
        archive.replaceSubrange(148..<156, with: Array(field.utf8) + [0, 0x20])
        #expect(throws: FleetError.self) { try read(archive) }
    }

    @Test("a gzip-compressed archive is read like the plain one, a damaged one is refused")
    func compressed() throws {
        let found = try read(Self.gzip)
        #expect(found.map(\.path) == ["m/model_a_b.pkl", "m/model_c_d.pkl"])
        #expect(found.map { String(decoding: $0.bytes, as: UTF8.self) } == ["one\n", "two\n"])
        let error = try #require(throws: FleetError.self) {
            try read(Array(Self.gzip.prefix(Self.gzip.count - 20)))
        }
        #expect(error.code == .invalidArgument)
        #expect(error.message.contains("test.tar"))
    }

    @Test("what GNU tar and pax wrote is read, their extra records are no files")
    func otherWriters() throws {
        let long = String(repeating: "p", count: 120)
        #expect(try read(Self.pax).map(\.path) == [long])
        #expect(try read(Self.pax).map(\.bytes) == [Array("pax\n".utf8)])
    }
}
