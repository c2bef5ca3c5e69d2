import API
import ArgumentParser
import Blobs
import Client
import Core
import Fleets
import FoundationEssentials
import Pipelines
import SQLiteStore
import Service
import Synchronization
import UnixSignals

extension FleetsCommand {
    /// Imports model files as the next version of a fleet, without running anything in them.
    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Import a folder or archive of models as the next version.",
            discussion: """
                Examples:
                  fleetscore fleets import plant models/
                  fleetscore fleets import plant models.tar.gz --fallback default.pkl
                  fleetscore fleets import plant models.zip --document fleet.yaml
                  fleetscore fleets import plant models.tar --data-dir fleetscore-data

                Pickle, joblib and ONNX files are decoded by readers of our own; nothing in them
                is executed. NAME.json beside a model holds its metadata. Only files that changed
                since the newest version are decoded, and keys that the files lack leave the
                fleet unless --add is given. The new version becomes `candidate`; the first one
                without errors becomes `production` too. An import that is interrupted goes on
                where it was when it is started again. With --data-dir the files go straight into
                the data folder on this machine, whether a server runs there or not.
                """
        )

        @Argument(help: "The fleet's name.")
        var name: String

        @Argument(help: "A folder of model files, or a .tar, .tar.gz or .zip of them.")
        var path: String

        @Option(help: "How file names give the key (default: model_{device}_{sensor}).")
        var keyPattern: String?

        @Option(help: "A YAML file with pattern, overrides, fallback and metadata.")
        var document: String?

        @Option(
            name: .customLong("override"),
            help: "KEY=FILE: the model of a key is in this file; may be given several times."
        )
        var overrides: [String] = []

        @Option(help: "The file of the model that scores keys without one.")
        var fallback: String?

        @Flag(help: "Keep models that the files lack.")
        var add = false

        @Option(help: "Write into this data folder instead of asking a server.")
        var dataDir: String?

        @OptionGroup var options: ServerOptions

        func run() async throws {
            var text: String?
            if let document { text = try Files.text(document) }
            let parsed = try importDocument(text)
            let settings = try ImportSettings(parsed, pattern: keyPattern, merges: add)
            let detail =
                if let dataDir {
                    try await importHere(settings, folder: Files.absolute(dataDir))
                } else {
                    try await importThere(parsed)
                }
            try options.show(detail) { FleetsCommand.showImported($0) }
        }

        /// The document with what the options say in its place.
        private func importDocument(_ text: String?) throws -> FleetImportDocument {
            var parsed =
                try text.map { try FleetImportDocument.parse(yaml: $0, file: document ?? "") }
                ?? FleetImportDocument()
            for entry in overrides {
                guard let mark = entry.lastIndex(of: "="), mark != entry.startIndex else {
                    throw FleetError(
                        .invalidArgument,
                        "--override \(entry) names no file",
                        hint: "write --override device/sensor=FILE"
                    )
                }
                let key = try SeriesKey(parsing: String(entry[..<mark]))
                parsed.overrides[key] = String(entry[entry.index(after: mark)...])
            }
            if let fallback { parsed.fallback = fallback }
            if let keyPattern { parsed.pattern = keyPattern }
            return parsed
        }

        /// Imports into a data folder of this machine.
        private func importHere(
            _ settings: ImportSettings,
            folder: String
        ) async throws -> FleetDetail {
            let files = try ModelFiles.open(path, staging: folder + "/staging")
            let stores = try LocalFleets(folder: folder)
            let line = Mutex(ProgressLine("importing", total: files.count, unit: "files"))
            let imported = try await Self.stoppable {
                try await stores.registry.importModels(
                    fleet: name,
                    settings.request,
                    files: files
                ) { progress in
                    line.withLock {
                        $0.update(progress.done, note: "\(progress.decoded.grouped) decoded")
                    }
                }
            }
            line.withLock {
                $0.finish(
                    files.count,
                    note: "\(imported.report.decodedCount.grouped) decoded"
                )
            }
            await stores.close()
            return FleetDetail(imported)
        }

        /// Sends the files to a server and shows how far it is.
        private func importThere(_ document: FleetImportDocument) async throws -> FleetDetail {
            let client = try options.client()
            let path = "/v1/fleets/\(name.percentEncodedForPath)"
            var query = ["document": document.yaml]
            if add { query["add"] = "true" }
            let line = Mutex(ProgressLine("sending", total: nil, unit: "KiB"))
            let pieces = try UploadPieces(self.path, limits: Limits()) { bytes, _ in
                line.withLock { $0.update(bytes >> 10) }
            }
            if let total = pieces.byteCount {
                line.withLock { $0 = ProgressLine("sending", total: total >> 10, unit: "KiB") }
            }
            let watcher = Task {
                try await watch(client, path)
            }
            defer { watcher.cancel() }
            return try await client.upload(
                path + "/versions",
                query,
                pieces,
                byteCount: pieces.byteCount,
                contentType: "application/x-tar"
            )
        }

        /// Shows the server's own progress until cancelled.
        private func watch(_ client: FleetscoreClient, _ path: String) async throws {
            var line: ProgressLine?
            while !Task.isCancelled {
                try await Task.sleep(for: .milliseconds(300))
                let status: ImportStatus = try await client.get(path + "/import")
                guard status.isRunning, status.total > 0 else { continue }
                var shown =
                    line ?? ProgressLine("importing", total: status.total, unit: "files")
                shown.update(status.done, note: "\(status.decoded.grouped) decoded")
                line = shown
            }
        }

        /// Runs until done, or until a signal asks to stop; what was decoded is kept then.
        private static func stoppable<R: Sendable>(
            _ body: @escaping @Sendable () async throws -> R
        ) async throws -> R {
            let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
            return try await withThrowingTaskGroup(of: R?.self) { group in
                group.addTask { try await body() }
                group.addTask {
                    for await _ in signals { return nil }
                    return nil
                }
                defer { group.cancelAll() }
                if let first = try await group.next(), let result = first { return result }
                group.cancelAll()
                do {
                    while let next = try await group.next() {
                        if let result = next { return result }
                    }
                } catch is CancellationError {}
                throw FleetError(
                    .unavailable,
                    "the import was stopped; what it has decoded is kept",
                    hint: "start it again to go on"
                )
            }
        }
    }

    /// Says what an import made.
    static func showImported(_ detail: FleetDetail) {
        let version = detail.version
        let isNew = detail.imported?.isNew ?? true
        Terminal.say(
            (isNew ? "imported " : "nothing has changed: ")
                + "\(version.fleet) version \(version.version): "
                + "\(version.models.grouped) models, \(version.errors.grouped) with errors, "
                + "\(version.warnings.grouped) with warnings; aliases: "
                + version.aliases.joined(separator: ", ")
        )
        if let counts = detail.imported {
            Terminal.say(
                "  files    \(counts.decoded.grouped) decoded, "
                    + "\(counts.unchanged.grouped) unchanged, "
                    + "\(counts.resumed.grouped) from an interrupted import, "
                    + "\(counts.removed.grouped) keys removed"
            )
        }
        showFindings(detail)
        if isNew, !version.aliases.contains("production") {
            Terminal.say("next: fleetscore fleets promote \(version.fleet) \(version.version)")
        }
    }
}

/// The fleets of a data folder on this machine.
struct LocalFleets {
    let registry: FleetRegistry
    private let catalog: SQLiteCatalog
    private let windows: SQLiteWindowStore

    /// Opens the databases and the blob storage; a server may have them open too.
    init(folder: String) throws {
        let blobs = try LocalBlobs(root: folder + "/blobs")
        catalog = try SQLiteCatalog(path: folder + "/catalog.db")
        windows = try SQLiteWindowStore(path: folder + "/windows.db")
        registry = FleetRegistry(
            catalog: catalog,
            blobs: blobs,
            windows: windows,
            limits: Limits(),
            clock: SystemWallClock(),
            staging: folder + "/staging",
            workerCount: Machine.coreCount
        )
    }

    func close() async {
        await catalog.close()
        await windows.close()
    }
}
