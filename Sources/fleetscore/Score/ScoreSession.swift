import Blobs
import Core
import Fleets
import FoundationEssentials
import Inference
import Packs
import Scoring
import Wire

/// One `fleetscore score`: reads, imports, scores, writes, sums up.
struct ScoreSession {
    let data: String
    let models: String
    let pattern: String
    let out: String
    let format: ScoreFormat
    let options: DecodeOptions

    func run() async throws -> ScoreSummary {
        let keyPattern = try KeyPattern(parsing: pattern, defaultDevice: options.defaultDevice)
        let output = try OutputFolder(path: out, inputs: [data, models])
        do {
            return try await run(keyPattern, into: output)
        } catch {
            output.discard()
            throw error
        }
    }

    private func run(
        _ keyPattern: KeyPattern,
        into output: OutputFolder
    ) async throws -> ScoreSummary {
        let clock = SystemWallClock()
        let started = clock.now
        let bytes = try Files.bytes(data)
        let table = try Files.naming(data) {
            try bytes.withUnsafeBytes { try ReadingDecoder.decode(csv: $0, options: options) }
        }
        guard table.count > 0 else {
            throw FleetError(
                .invalidArgument,
                "\(data) holds no reading that can be used",
                hint: table.rejected.first.map { "line \($0.line): \($0.message)" }
            )
        }
        let readings = ReadingRows(
            table,
            perDevice: !keyPattern.hasSensor,
            keepsInputOrder: format == .referenceCSV
        )
        let imported = await FleetImporter(pattern: keyPattern, knownKeys: Set(readings.keys))
            .run(try ModelSource.files(at: models), workerCount: Machine.coreCount)
        try checkMatches(readings.keys, imported)
        var writer = PackWriter()
        for entry in imported.entries { try writer.add(entry) }
        let pack = try writer.encode()
        let outcome = try Self.score(pack, readings.features(for: imported))
        let parts = try write(outcome, readings, bytes, to: output)
        let manifest = manifest(outcome, parts, pack: pack, at: started)
        try output.commit(manifest: Self.encode(manifest))
        return ScoreSummary(
            outcome: outcome,
            report: imported.report,
            parts: parts,
            table: table,
            out: out,
            entries: imported.entries,
            seconds: (clock.now - started).inSeconds
        )
    }

    /// Stands for bytes that outlive the reader by scope.
    private final class Unowned: Sendable {}

    private static func score(
        _ pack: [UInt8],
        _ features: FeatureBatch
    ) throws -> FleetScorer.Outcome {
        try pack.withUnsafeBytes { bytes in
            let reader = try PackReader(bytes: bytes, owner: Unowned(), name: "the models")
            var scorer = FleetScorer(pack: reader)
            return scorer.score(features, models: 0..<reader.count)
        }
    }

    /// Refuses to go on when no key of the data has a model.
    private func checkMatches(_ keys: [SeriesKey], _ imported: FleetImporter.Outcome) throws {
        let modelKeys = Set(imported.entries.map(\.key))
        guard !keys.contains(where: { modelKeys.contains($0) }) else { return }
        let dataKeys = Set(keys)
        func some(_ keys: Set<SeriesKey>) -> String {
            keys.isEmpty
                ? "none" : keys.sorted().prefix(3).map(\.description).joined(separator: ", ")
        }
        let ignored = imported.report.ignored
        let fileNote =
            ignored.isEmpty
            ? "" : "; \(ignored.count) files do not fit it, such as \(ignored[0])"
        let files = imported.report.files
        let guess = PatternGuess.pattern(for: ignored.first ?? files.first ?? "model_1_2")
        let command = "fleetscore score --data \(data) --models \(models) --out \(out)"
        let hint =
            guess == pattern
            ? "the names in the files must be those in the data; if the device is in another "
                + "column, try \(command) --key-pattern '\(guess)' --columns device=COLUMN"
            : "write the pattern as the files are named, for example: \(command) "
                + "--key-pattern '\(guess)'"
        throw FleetError(
            .invalidArgument,
            "no series of the data has a model: \(dataKeys.count) keys in the data "
                + "(\(some(dataKeys))), \(modelKeys.count) keys in the models "
                + "(\(some(modelKeys))) by the pattern \"\(pattern)\"\(fileNote)",
            hint: hint
        )
    }

    private func write(
        _ outcome: FleetScorer.Outcome,
        _ readings: ReadingRows,
        _ bytes: [UInt8],
        to output: OutputFolder
    ) throws -> [PartInfo] {
        switch format {
        case .parquet:
            let part = try PredictionFile.encode(outcome.predictions, run: "score", attempt: 1)
            return [
                try output.write(
                    "part-00000.parquet",
                    part,
                    rowCount: outcome.predictions.count
                )
            ]
        case .csv:
            let part = PredictionCSV.encode(outcome.predictions, run: "score", attempt: 1)
            return [try output.write("part-00000.csv", part, rowCount: outcome.predictions.count)]
        case .referenceCSV:
            return try ReferenceCSV(predictions: outcome.predictions, readings: readings)
                .files(input: bytes).map {
                    try output.write($0.name, $0.bytes, rowCount: $0.rowCount)
                }
        }
    }

    private func manifest(
        _ outcome: FleetScorer.Outcome,
        _ parts: [PartInfo],
        pack: [UInt8],
        at time: Timestamp
    ) -> Manifest {
        Manifest(
            run: "score",
            attempt: 1,
            pipeline: "score",
            pipelineVersion: 1,
            interval: nil,
            fleet: models,
            fleetVersion: nil,
            packDigest: BlobDigest.sha256Hex(pack),
            features: outcome.predictions.featureNames,
            format: format.rawValue,
            createdAt: time,
            items: outcome.counts,
            rowCount: outcome.predictions.count,
            anomalyCount: outcome.anomalyCount,
            notes: [],
            parts: parts
        )
    }

    private static func encode(_ manifest: Manifest) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try Array(encoder.encode(manifest))
    }
}

/// Suggests a key pattern from a file name.
enum PatternGuess {
    /// The last two words of the name as device and sensor: `svm-p1-temp.pkl` to
    /// `svm-{device}-{sensor}`.
    static func pattern(for fileName: String) -> String {
        var stem = ModelFile(path: fileName, bytes: []).stem
        if stem == fileName, let dot = stem.lastIndex(of: ".") { stem = String(stem[..<dot]) }
        let separators: Set<Character> = ["_", "-", "."]
        var words: [String] = [""]
        var marks: [Character] = []
        for character in stem {
            if separators.contains(character) {
                marks.append(character)
                words.append("")
            } else {
                words[words.count - 1].append(character)
            }
        }
        guard words.count >= 2 else { return "{device}" }
        words[words.count - 2] = "{device}"
        words[words.count - 1] = "{sensor}"
        return words.enumerated().reduce("") { text, word in
            text + word.element + (word.offset < marks.count ? String(marks[word.offset]) : "")
        }
    }
}
