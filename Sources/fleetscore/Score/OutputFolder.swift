import Blobs
import Core
import FoundationEssentials
import Scoring

#if canImport(Glibc)
import Glibc
#endif

/// A result folder that appears whole: written beside, then put in place of an earlier result.
struct OutputFolder {
    private let path: String
    private let scratch: String

    /// Checks that a folder may be written; nothing is made before the first part.
    ///
    /// - Throws: ``FleetError`` `.conflict` when it holds anything but an earlier result, or lies
    ///   around one of the inputs.
    init(path: String, inputs: [String]) throws {
        var path = Files.absolute(path)
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.path = path
        scratch = path + ".partial-\(ProcessInfo.processInfo.processIdentifier)"
        for input in inputs where (Files.absolute(input) + "/").hasPrefix(path + "/") {
            throw FleetError(
                .conflict,
                "the output folder \(path) holds the input \(input)",
                hint: "pass another --out"
            )
        }
        try checkReplaceable()
        sweep()
    }

    /// Writes one file of the result.
    func write(_ name: String, _ bytes: [UInt8], rowCount: Int) throws -> PartInfo {
        try put(name, bytes)
        return PartInfo(
            key: name,
            rowCount: rowCount,
            byteCount: bytes.count,
            sha256: BlobDigest.sha256Hex(bytes)
        )
    }

    /// Writes the manifest and puts the folder in place; an earlier result goes last.
    func commit(manifest: [UInt8]) throws {
        try put("manifest.json", manifest)
        let old = scratch + ".old"
        do {
            let replaces = FileManager.default.fileExists(atPath: path)
            if replaces {
                try checkReplaceable()
                try FileManager.default.moveItem(atPath: path, toPath: old)
            }
            try FileManager.default.moveItem(atPath: scratch, toPath: path)
            if replaces { try FileManager.default.removeItem(atPath: old) }
        } catch let error as FleetError {
            throw error
        } catch {
            throw FleetError(
                .unavailable,
                "cannot put the result in place at \(path)",
                hint: "check the permissions of its folder",
                isRetriable: false
            )
        }
    }

    /// Removes what was written when the result is not wanted any more.
    func discard() {
        guard FileManager.default.fileExists(atPath: scratch) else { return }
        do {
            try FileManager.default.removeItem(atPath: scratch)
        } catch {
            Terminal.complain("note: \(scratch) could not be removed")
        }
    }

    private func put(_ name: String, _ bytes: [UInt8]) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: scratch,
                withIntermediateDirectories: true
            )
            try Data(bytes).write(to: URL(fileURLWithPath: scratch + "/" + name))
        } catch {
            throw FleetError(
                .resourceExhausted,
                "cannot write \(name) beside \(path)",
                hint: "check the space on the disk and the permissions",
                isRetriable: false
            )
        }
    }

    /// Removes what killed processes left beside this folder.
    private func sweep() {
        let parent = path.split(separator: "/").dropLast().joined(separator: "/")
        let prefix = (path.split(separator: "/").last.map(String.init) ?? "") + ".partial-"
        do {
            for name in try FileManager.default.contentsOfDirectory(atPath: "/" + parent)
            where name.hasPrefix(prefix) {
                guard let process = Int32(name.dropFirst(prefix.count)), kill(process, 0) != 0
                else { continue }
                try FileManager.default.removeItem(atPath: "/\(parent)/\(name)")
            }
        } catch {
            // Left-overs do no harm; a folder that cannot be listed fails when it is written.
        }
    }

    /// Refuses a folder with anything that an earlier result did not put there.
    private func checkReplaceable() throws {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
        func refusal(_ what: String) -> FleetError {
            FleetError(
                .conflict,
                "\(path) exists and \(what)",
                hint: "pass another --out, or remove it yourself"
            )
        }
        guard isFolder else { throw refusal("is no folder") }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw FleetError(.unavailable, "cannot list \(path)", isRetriable: false)
        }
        guard !names.isEmpty else { return }
        guard names.contains("manifest.json") else {
            throw refusal("holds no earlier result of fleetscore")
        }
        var own: Set<String> = ["manifest.json"]
        do {
            let manifest = try JSONDecoder().decode(
                Manifest.self,
                from: Data(Files.bytes(path + "/manifest.json"))
            )
            own.formUnion(manifest.parts.map(\.key))
        } catch {
            throw refusal("its manifest.json is no manifest of fleetscore")
        }
        if let foreign = names.sorted().first(where: { !own.contains($0) }) {
            throw refusal("holds \(foreign), which is no part of the earlier result")
        }
    }
}
