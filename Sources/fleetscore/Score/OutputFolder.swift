import Blobs
import Core
import FoundationEssentials
import Scoring

/// A result folder that appears whole: written beside, then put in place of an earlier result.
struct OutputFolder {
    private let path: String
    private let scratch: String

    /// Prepares to write a folder.
    ///
    /// - Throws: ``FleetError`` `.conflict` when it holds anything but an earlier result.
    init(path: String) throws {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.path = path
        scratch = path + ".partial-\(ProcessInfo.processInfo.processIdentifier)"
        try Self.checkReplaceable(path)
        do {
            try FileManager.default.createDirectory(
                atPath: scratch,
                withIntermediateDirectories: true
            )
        } catch {
            throw FleetError(
                .unavailable,
                "cannot make the folder \(scratch)",
                hint: "check the permissions and the disk",
                isRetriable: false,
                cause: error
            )
        }
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

    /// Writes the manifest and puts the folder in place.
    func commit(manifest: [UInt8]) throws {
        try put("manifest.json", manifest)
        do {
            if FileManager.default.fileExists(atPath: path) {
                try Self.checkReplaceable(path)
                try FileManager.default.removeItem(atPath: path)
            }
            try FileManager.default.moveItem(atPath: scratch, toPath: path)
        } catch let error as FleetError {
            throw error
        } catch {
            throw FleetError(
                .unavailable,
                "cannot put the result in place at \(path)",
                hint: "it is complete in \(scratch)",
                isRetriable: false,
                cause: error
            )
        }
    }

    /// Removes what was written when the result is not wanted any more.
    func discard() {
        do {
            try FileManager.default.removeItem(atPath: scratch)
        } catch {
            Terminal.complain("note: \(scratch) could not be removed")
        }
    }

    private func put(_ name: String, _ bytes: [UInt8]) throws {
        do {
            try Data(bytes).write(to: URL(fileURLWithPath: scratch + "/" + name))
        } catch {
            throw FleetError(
                .resourceExhausted,
                "cannot write \(scratch)/\(name)",
                hint: "check the space on the disk",
                isRetriable: false,
                cause: error
            )
        }
    }

    private static func checkReplaceable(_ path: String) throws {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
        let refusal = FleetError(
            .conflict,
            "\(path) exists and holds no earlier result of fleetscore",
            hint: "pass another --out, or remove it yourself"
        )
        guard isFolder else { throw refusal }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw FleetError(.unavailable, "cannot list \(path)", isRetriable: false, cause: error)
        }
        guard !names.isEmpty else { return }
        guard names.contains("manifest.json") else { throw refusal }
        do {
            _ = try JSONDecoder().decode(
                Manifest.self,
                from: Data(Files.bytes(path + "/manifest.json"))
            )
        } catch {
            throw refusal
        }
    }
}
