import ArgumentParser
import Core
import FoundationEssentials
import PlantSimulator
import Service
import Windowing

/// Writes readings of the made-up plant, for demos and for training its models.
struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Write readings of a made-up plant as CSV.",
        discussion: """
            Examples:
              fleetscore simulate --seed 7 --hours 24 --every 20s --out readings.csv
              fleetscore simulate --hours 48 --every 20s --means 1m --out train.csv

            Same seed, same bytes. --faults injects labelled faults.
            """
    )

    @Option(help: "Seed of the noise and the faults.")
    var seed: UInt64 = 1

    @Option(help: "Number of devices, each with five sensors; 1 to 10000.")
    var devices = 120

    @Option(help: "Hours of readings.")
    var hours = 24

    @Option(help: "Time between readings of a series.")
    var every = "20s"

    @Option(help: "Write means over windows of this size in place of readings.")
    var means: String?

    @Option(help: "First moment, RFC 3339.")
    var from = "2026-01-05T00:00:00Z"

    @Flag(help: "Inject faults.")
    var faults = false

    @Option(help: "CSV file to write.")
    var out: String

    func validate() throws {
        guard (1...10_000).contains(devices), (1...10_000).contains(hours) else {
            throw ValidationError("--devices and --hours must be in 1...10000")
        }
    }

    func run() throws {
        guard let start = Timestamp(rfc3339: from) else {
            throw FleetError(.invalidArgument, "--from \(from) is not an RFC 3339 time")
        }
        guard let every = Duration(parsing: every) else {
            throw FleetError(
                .invalidArgument,
                "--every \(every) is not a duration",
                hint: "write 20s"
            )
        }
        let plant = Plant(noiseSeed: seed, deviceCount: devices, faults: faults)
        let end = start + .seconds(Int64(hours) * 3600)
        var events = EventBatch()
        plant.readings(from: start, to: end, every: every, into: &events)
        if let means { events = try windowMeans(of: events, size: means) }
        try Files.create(out, EventCSV.encode(events))
        Terminal.complain("wrote \(events.count.grouped) rows to \(out)")
    }

    private func windowMeans(of events: EventBatch, size: String) throws -> EventBatch {
        guard let duration = Duration(parsing: size) else {
            throw FleetError(
                .invalidArgument,
                "--means \(size) is not a duration",
                hint: "write 1m"
            )
        }
        var windows = PartitionWindows(
            definitions: [try WindowDefinition(name: "means", size: duration)])
        var output = WindowOutput()
        windows.apply(events: events, baseOffset: 0, output: &output)
        windows.complete(output: &output)
        var result = EventBatch()
        for closed in output.closed {
            let ids = closed.windows.series.keys.map { result.series.insert($0) }
            for row in 0..<closed.windows.count {
                result.append(
                    series: ids[Int(closed.windows.seriesIndex[row])],
                    time: closed.windows.starts[row],
                    value: closed.windows.means[row]
                )
            }
        }
        return result
    }
}
