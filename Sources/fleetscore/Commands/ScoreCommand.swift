import ArgumentParser
import Core
import Scoring
import Wire

/// Scores a file of readings with a folder of models, without a server.
struct ScoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Score a file of readings or features with models; no server needed.",
        discussion: """
            Examples:
              fleetscore score --data data.csv --models models/ --out predictions/
              fleetscore score --data wide.csv --models models/ --out out/ \\
                --columns time=ts,device=machine --time-zone Europe/Berlin
              fleetscore score --data features.parquet --out out/ \\
                --models fleetscore-data/blobs/fleets/plant/3/pack

            The data is CSV or Parquet. Readings are long (time, device, sensor, value) or wide
            (time and a column per sensor). Features have a row a window: device, maybe sensor, time
            (or window_start and window_end) and a column a feature; a Parquet file may have them as
            one list, features. Times are RFC 3339, epoch seconds to nanoseconds, or without a zone.
            With a pattern that has no {sensor}, a model scores all columns of its device together.
            Models are files (then --key-pattern says whose) or the pack of an imported fleet.
            Output: parts and a manifest.json, whose presence says that the result is complete.
            Exit codes: 0 scored (also with suspect models), 3 when items failed, 2 wrong usage.
            """
    )

    @Option(help: "CSV or Parquet file of readings or features.")
    var data: String

    @Option(help: "Folder, tar, tar.gz or zip of model files, or the pack of an imported fleet.")
    var models: String

    @Option(help: "How file names give the key, with {device} and {sensor}.")
    var keyPattern = "model_{device}_{sensor}"

    @Option(help: "Folder to write; replaced only if it holds an earlier result.")
    var out: String

    @Option(help: "parquet, csv or reference-csv (TS,Device,Sensor,Val,Prediction a series).")
    var format = ScoreFormat.parquet

    @Option(help: "Column names, such as time=ts,device=machine,value=reading.")
    var columns: String?

    @Option(help: "IANA zone of times written without one.")
    var timeZone = "UTC"

    @Option(help: "Device name for wide tables without a device column.")
    var device = "device"

    @Flag(help: "Score series without a model of their own with the fallback model.")
    var fallback = false

    @Flag(help: "Print the summary as one JSON object.")
    var json = false

    func run() async throws {
        var options = DecodeOptions()
        options.columns = try columns.map { try ColumnRenames.parse($0) } ?? [:]
        options.timeZone = try TimeZoneRules.load(timeZone)
        options.defaultDevice = device
        let session = ScoreSession(
            data: data,
            models: models,
            pattern: keyPattern,
            out: out,
            format: format,
            options: options,
            usesFallback: fallback
        )
        let summary = try await session.run()
        if json { try Terminal.sayJSON(summary.answer) } else { summary.say() }
        guard summary.answer.failures.isEmpty, summary.answer.rejected == 0 else {
            throw ExitCode(3)
        }
    }
}

/// How one-shot predictions are written.
enum ScoreFormat: String, ExpressibleByArgument, CaseIterable {
    case parquet, csv
    case referenceCSV = "reference-csv"
}
