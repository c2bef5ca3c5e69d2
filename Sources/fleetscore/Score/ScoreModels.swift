import Core
import Fleets
import FoundationEssentials
import Packs

/// The models of a one-shot run: files that are imported for it, or a pack that was made before.
struct ScoreModels {
    let pack: PackReader
    /// What the import found; nil for a pack.
    let report: ImportReport?
    /// Whether its models score whole devices.
    let perDevice: Bool
    /// Where the import keeps its files until the run is over.
    private let staging: String?

    /// Whether a path is a pack, or a folder with one.
    static func isPack(_ path: String) -> Bool { packPath(path) != nil }

    /// Opens a pack, such as `DATA/blobs/fleets/plant/3/pack`, with the layers below it.
    ///
    /// - Throws: ``FleetError`` naming what is missing or damaged.
    init(pack path: String) async throws {
        guard let path = Self.packPath(path) else {
            throw FleetError(.invalidArgument, "\(path) is no pack")
        }
        // Layers name their parents by their places in blob storage: fleets/NAME/VERSION/pack.
        let parts = Files.absolute(path).split(separator: "/").map(String.init)
        let isStored = parts.count >= 4 && parts[parts.count - 4] == "fleets"
        let location = isStored ? parts.suffix(4).joined(separator: "/") : path
        let root = isStored ? "/" + parts.dropLast(4).joined(separator: "/") + "/" : ""
        pack = try await PackReader.open(location) { location in
            let file = try MappedFile(root + location)
            return PackSource(bytes: file.bytes, owner: file)
        }
        perDevice = pack.count > 0 && pack.key(at: pack.count - 1).isDevice
        report = nil
        staging = nil
    }

    /// Imports model files.
    ///
    /// - Throws: ``FleetError`` when there are none that fit the pattern.
    init(
        files path: String,
        pattern: KeyPattern,
        knownKeys: Set<SeriesKey>,
        beside out: String
    ) async throws {
        var base = Files.absolute(out)
        while base.count > 1, base.hasSuffix("/") { base.removeLast() }
        let staging = base + ".models-\(ProcessInfo.processInfo.processIdentifier)"
        do {
            let folder = try StagingFolder(staging, fleet: "score")
            let files = try ModelFiles.open(path, staging: folder.path, recursive: false)
            let importer = FleetImporter(pattern: pattern, knownKeys: knownKeys)
            let written = try await importer.run(
                files,
                over: nil,
                in: folder,
                workerCount: Machine.coreCount,
                clock: SystemWallClock()
            )
            guard let result = written.path else {
                throw FleetError(.invalidArgument, "\(path) holds no model")
            }
            let file = try MappedFile(result)
            pack = try PackReader(bytes: file.bytes, owner: file, name: "the models")
            report = written.report
        } catch {
            Self.remove(staging)
            throw error
        }
        perDevice = !pattern.hasSensor
        self.staging = staging
    }

    /// Removes what the import left; what is mapped stays readable.
    func clean() {
        if let staging { Self.remove(staging) }
    }

    private static func remove(_ path: String) {
        guard FileManager.default.fileExists(atPath: path) else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            Terminal.complain("note: \(path) could not be removed")
        }
    }

    private static func packPath(_ path: String) -> String? {
        for candidate in [path, path + "/pack"] {
            guard let file = FileHandleBytes.start(of: candidate, count: 7) else { continue }
            if file.elementsEqual("FLTPACK".utf8) { return candidate }
        }
        return nil
    }
}

/// The first bytes of files.
private enum FileHandleBytes {
    static func start(of path: String, count: Int) -> [UInt8]? {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder
        else { return nil }
        do {
            let file = try MappedFile(path)
            return withExtendedLifetime(file) { Array(file.bytes.prefix(count)) }
        } catch {
            return nil
        }
    }
}
