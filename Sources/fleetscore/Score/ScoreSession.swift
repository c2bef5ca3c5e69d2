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
    let usesFallback: Bool

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
        let file = try MappedFile(data)
        // The bytes are read through pointers, which do not keep the mapping.
        defer { withExtendedLifetime(file) {} }
        let packed = ScoreModels.isPack(models) ? try await ScoreModels(pack: models) : nil
        let input = try await ScoreInput.read(
            file,
            name: data,
            options: options,
            perDevice: packed?.perDevice ?? !keyPattern.hasSensor,
            keepsInputOrder: format == .referenceCSV
        )
        guard !input.keys.isEmpty else {
            throw FleetError(
                .invalidArgument,
                "\(data) holds no reading that can be used",
                hint: input.rejected.first.map { "line \($0.line): \($0.message)" }
            )
        }
        let models: ScoreModels
        if let packed {
            models = packed
        } else {
            models = try await ScoreModels(
                files: self.models,
                pattern: keyPattern,
                knownKeys: Set(input.keys),
                beside: out
            )
        }
        defer { models.clean() }
        try checkMatches(input.keys, models)
        let run = ScoreRun(
            pack: models.pack,
            features: input.features(named: try Self.featureNames(of: models.pack)),
            format: format,
            usesFallback: usesFallback
        )
        let totals: ScoreRun.Totals
        if format == .referenceCSV {
            totals = try writeReference(run, input, file, to: output)
        } else {
            totals = try await run.run(into: output, workerCount: Machine.coreCount)
        }
        let manifest = manifest(totals, run, at: started)
        try output.commit(manifest: Self.encode(manifest))
        return ScoreSummary(
            totals: totals,
            report: models.report,
            input: input,
            out: out,
            seconds: (clock.now - started).inSeconds
        )
    }

    /// The feature names of the first model that has some.
    private static func featureNames(of pack: PackReader) throws -> [String]? {
        for index in pack.indices.prefix(100) where pack.family(at: index) != 0 {
            if let names = try pack.description(at: index).featureNames { return names }
        }
        return nil
    }

    private func writeReference(
        _ run: ScoreRun,
        _ input: ScoreInput,
        _ file: MappedFile,
        to output: OutputFolder
    ) throws -> ScoreRun.Totals {
        guard let readings = input.readings else {
            throw FleetError(
                .invalidArgument,
                "reference-csv needs single readings, and \(data) has features",
                hint: "use --format csv or parquet"
            )
        }
        let outcome = run.whole()
        var totals = try run.totals(
            of: outcome,
            keys: run.features.keys.indices,
            models: run.pack.indices
        )
        totals.parts = try ReferenceCSV(predictions: outcome.predictions, readings: readings)
            .files(input: file.bytes).map {
                try output.write($0.name, $0.bytes, rowCount: $0.rowCount)
            }
        return totals
    }

    /// Refuses to go on when no key of the data has a model.
    private func checkMatches(_ keys: [SeriesKey], _ models: ScoreModels) throws {
        let pack = models.pack
        guard !keys.contains(where: { pack.find($0) != nil }) else { return }
        if usesFallback, pack.fallbackIndex != nil { return }
        func some(_ keys: some Collection<SeriesKey>) -> String {
            keys.isEmpty ? "none" : keys.prefix(3).map(\.description).joined(separator: ", ")
        }
        let modelKeys = pack.indices.prefix(3).map { pack.key(at: $0) }
        guard let report = models.report else {
            throw FleetError(
                .invalidArgument,
                "no series of the data has a model: \(keys.count) keys in the data "
                    + "(\(some(keys))), \(pack.count) keys in the pack (\(some(modelKeys)))",
                hint: "the names in the pack must be those in the data; name other columns with "
                    + "--columns device=COLUMN,sensor=COLUMN"
            )
        }
        let ignored = report.ignored
        let fileNote =
            ignored.isEmpty
            ? "" : "; \(ignored.count) files do not fit it, such as \(ignored[0])"
        let files = report.files
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
            "no series of the data has a model: \(keys.count) keys in the data "
                + "(\(some(keys))), \(pack.count) keys in the models "
                + "(\(some(modelKeys))) by the pattern \"\(pattern)\"\(fileNote)",
            hint: hint
        )
    }

    private func manifest(
        _ totals: ScoreRun.Totals,
        _ run: ScoreRun,
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
            packDigest: run.pack.digest.hex,
            features: run.features.featureNames,
            format: format.rawValue,
            createdAt: time,
            items: totals.counts,
            rowCount: totals.rowCount,
            anomalyCount: totals.anomalyCount,
            notes: [],
            parts: totals.parts
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
