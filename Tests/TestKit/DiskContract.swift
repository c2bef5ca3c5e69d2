import Core
package import Disk

/// What every ``Disk`` does, run on the POSIX driver and on the in-memory twin.
package enum DiskContract {
    /// One promise; `run` gets an empty disk and a folder on it that does not exist yet.
    package struct Check: Sendable, CustomStringConvertible {
        package let description: String
        package let run: @Sendable (_ disk: any Disk, _ folder: String) throws -> Void
    }

    /// A promise that a disk broke.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    package static let checks: [Check] = [
        Check(description: "appended bytes are read back") { disk, folder in
            try disk.createFolder(folder)
            let file = try disk.open(folder + "/a")
            try append("hello ", file)
            try append("world", file)
            try file.sync()
            try expect(text(file.read(at: 0, count: 100)) == "hello world", "whole file")
            try expect(text(file.read(at: 6, count: 3)) == "wor", "part of the file")
            try expect(file.read(at: 11, count: 1).isEmpty, "nothing at the end")
            try expect(file.read(at: 50, count: 1).isEmpty, "nothing beyond the end")
            try expect(file.size() == 11, "size")
            file.close()
        },
        Check(description: "opening an existing file appends at its end") { disk, folder in
            try disk.createFolder(folder)
            for part in ["one", "two"] {
                let file = try disk.open(folder + "/a")
                try append(part, file)
                file.close()
            }
            try expect(contents(disk, folder + "/a") == "onetwo", "both parts")
        },
        Check(description: "truncate cuts, and the next append follows") { disk, folder in
            try disk.createFolder(folder)
            let file = try disk.open(folder + "/a")
            try append("0123456789", file)
            try file.truncate(to: 4)
            try append("x", file)
            try expect(contents(disk, folder + "/a") == "0123x", "cut and appended")
            file.close()
        },
        Check(description: "a prepared file is zeros that appended bytes replace") { disk, folder in
            try disk.createFolder(folder)
            let size = 3 * 4096
            let file = try disk.prepare(folder + "/a", byteCount: size)
            try expect(file.size() == size, "size")
            try expect(file.read(at: 0, count: size) == Array(repeating: 0, count: size), "zeros")
            try append("hello ", file)
            try append("world", file)
            try file.sync()
            try expect(text(file.read(at: 0, count: 11)) == "hello world", "from the start")
            try expect(file.read(at: 11, count: size).allSatisfy { $0 == 0 }, "zeros behind")
            try expect(file.size() == size, "the same size")
            let long = String(repeating: "x", count: size)
            try append(long, file)
            try expect(file.size() == size + 11, "it grows where the zeros end")
            try expect(contents(disk, folder + "/a") == "hello world" + long, "all of it")
            file.close()
            try expect(disk.freeByteCount(of: folder) > 0, "room")
        },
        Check(description: "a prepared file that is cut goes on as any other") { disk, folder in
            try disk.createFolder(folder)
            let file = try disk.prepare(folder + "/a", byteCount: 8192)
            try append("0123456789", file)
            try file.truncate(to: 4)
            try expect(file.size() == 4, "cut")
            try append("x", file)
            try expect(contents(disk, folder + "/a") == "0123x", "cut and appended")
            file.close()
            let again = try disk.prepare(folder + "/a", byteCount: 4096)
            try expect(again.read(at: 0, count: 5) == [0, 0, 0, 0, 0], "nothing of before")
            try append("y", again)
            try again.truncate(to: 2)
            again.close()
            let other = try disk.open(folder + "/a")
            try append("z", other)
            try expect(contents(disk, folder + "/a") == "y\u{0}z", "opened, it appends at the end")
            other.close()
        },
        Check(description: "a closed file refuses calls") { disk, folder in
            try disk.createFolder(folder)
            let file = try disk.open(folder + "/a")
            file.close()
            try expectError(.unavailable) { try append("x", file) }
            try expectError(.unavailable) { _ = try file.size() }
        },
        Check(description: "a missing file is not found, and the error names it") { disk, folder in
            try disk.createFolder(folder)
            try expectError(.notFound, naming: "nothing") {
                _ = try disk.openForReading(folder + "/nothing")
            }
            try expectError(.notFound) { try disk.rename(folder + "/nothing", to: folder + "/b") }
            try disk.remove(folder + "/nothing")
            try expect(!disk.exists(folder + "/nothing"), "does not exist")
            try expectError(.notFound) { _ = try disk.open(folder + "/no/such/folder") }
            try expectError(.notFound) { try disk.syncFolder(folder + "/none") }
        },
        Check(description: "a file that is open for reading is not written") { disk, folder in
            try disk.createFolder(folder)
            try disk.replaceContents(of: folder + "/a", with: [1])
            let file = try disk.openForReading(folder + "/a")
            try expectError(.unavailable) { try append("x", file) }
            try expect(file.size() == 1, "unchanged")
            file.close()
        },
        Check(description: "a folder lists its own names, sorted bytewise") { disk, folder in
            try expect(disk.list(folder).isEmpty, "a missing folder is empty")
            try disk.createFolder(folder + "/inner")
            try disk.createFolder(folder + "/inner")
            for name in ["b", "B", "é", "a", "inner/deep"] {
                try disk.open(folder + "/" + name).close()
            }
            try expect(disk.list(folder) == ["B", "a", "b", "inner", "é"], "names")
            try expect(disk.exists(folder + "/inner"), "folder exists")
            try disk.syncFolder(folder)
        },
        Check(description: "rename replaces a file in one step") { disk, folder in
            try disk.createFolder(folder)
            for name in ["a", "b"] {
                let file = try disk.open(folder + "/" + name)
                try append(name, file)
                file.close()
            }
            try disk.rename(folder + "/a", to: folder + "/b")
            try expect(contents(disk, folder + "/b") == "a", "target has the new bytes")
            try expect(disk.list(folder) == ["b"], "source is gone")
        },
        Check(description: "an open file outlives its name") { disk, folder in
            try disk.createFolder(folder)
            try disk.replaceContents(of: folder + "/a", with: Array("kept".utf8))
            let file = try disk.openForReading(folder + "/a")
            try disk.remove(folder + "/a")
            try expect(!disk.exists(folder + "/a"), "the name is gone")
            try expect(text(file.read(at: 0, count: 9)) == "kept", "the bytes are not")
            file.close()
        },
        Check(description: "replacing contents leaves no temporary file") { disk, folder in
            try disk.createFolder(folder)
            try disk.replaceContents(of: folder + "/a", with: Array("first".utf8))
            try disk.replaceContents(of: folder + "/a", with: Array("2nd".utf8))
            try expect(contents(disk, folder + "/a") == "2nd", "new bytes")
            try expect(disk.list(folder) == ["a"], "one file")
            try expect(try disk.contents(of: folder + "/none") == nil, "missing is nil")
        },
    ]

    private static func append(_ text: String, _ file: any DiskFile) throws {
        try Array(text.utf8).withUnsafeBytes { try file.append($0) }
    }

    private static func contents(_ disk: any Disk, _ path: String) throws -> String {
        text(try disk.contents(of: path) ?? [])
    }

    private static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    private static func expect(_ condition: Bool, _ what: String) throws {
        guard condition else { throw Failure(description: "not as promised: \(what)") }
    }

    private static func expectError(
        _ code: FleetErrorCode,
        naming name: String = "",
        _ call: () throws -> Void
    ) throws {
        do {
            try call()
        } catch let error as FleetError {
            try expect(error.code == code, "code \(code), got \(error.code): \(error)")
            try expect(name.isEmpty || error.message.contains(name), "\(error) names \(name)")
            return
        }
        throw Failure(description: "not as promised: an error \(code)")
    }
}
