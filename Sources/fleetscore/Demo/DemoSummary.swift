import Client
import Core
import PlantSimulator

/// What the demo showed, on one screen.
struct DemoSummary {
    let past: DemoHistory.Outcome
    let live: DemoLive.Outcome
    let status: StatusInfo
    let address: String

    static let threshold = 0.9

    /// Whether precision and recall per fault reach the threshold.
    var isGood: Bool {
        past.episodes.precision >= Self.threshold && past.episodes.recall >= Self.threshold
    }

    func say() {
        Terminal.say()
        Terminal.say(
            "events       \(past.accepted.grouped) of history and \(live.accepted.grouped) live "
                + "accepted, \(status.lag.grouped) waiting"
        )
        Terminal.say(
            "windows      \(past.windows.grouped) of one minute, "
                + "\(closed("5s").grouped) of five seconds"
        )
        Terminal.say(
            "models       \(past.fleet.models.grouped) in fleet plant version "
                + "\(past.fleet.version)"
        )
        for status in ItemStatus.allCases.reversed() where past.run.items[status] > 0 {
            Terminal.say("items        \(past.run.items[status].grouped) \(status.rawValue)")
        }
        Terminal.say(
            "rows         \(past.run.rows.grouped) scored, \(past.run.anomalies.grouped) anomalies"
        )
        Terminal.say(
            "faults       \(past.episodes.faults) injected, \(past.episodes.found) found; "
                + "\(past.episodes.predicted) alarms, \(past.episodes.right) right"
        )
        Terminal.say(
            "precision    \(rounded(past.episodes.precision)), recall "
                + "\(rounded(past.episodes.recall)) per fault"
                + (isGood ? "" : "  BELOW \(Self.threshold)")
        )
        let fired = live.runs.filter { $0.trigger == "schedule" }.count
        Terminal.say(
            "live         \(fired) runs fired by the schedule in \(rounded(live.seconds)) s"
        )
        Terminal.say("predictions  \(past.run.location ?? "–")")
        sayStages()
        Terminal.say("status page  http://\(address)/ (add --keep to keep it running)")
    }

    private func sayStages() {
        var stages = past.stages
        stages.append(("stream live", live.seconds))
        for stage in stages {
            var line = "stage        \(stage.name): \(rounded(stage.seconds)) s"
            if stage.name == "score history" {
                let items = Double(past.run.items.total) / max(stage.seconds, 0.001)
                let rows = Double(past.run.rows) / max(stage.seconds, 0.001)
                line += ", \(Int(items).grouped) items/s, \(Int(rows).grouped) rows/s"
                line += " (workers: \(rounded(past.run.workerSeconds)) s)"
            }
            Terminal.say(line)
        }
    }

    private func closed(_ name: String) -> Int64 {
        status.definitions.first { $0.name == name }?.closed ?? 0
    }

    /// Two decimals.
    private func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
