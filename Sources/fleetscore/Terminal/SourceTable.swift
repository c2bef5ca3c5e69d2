import Client
import Core
import Core

/// The sources of a server as people read them.
enum SourceTable {
    /// A row a source with its state and counts, its last error beneath; nothing without sources.
    static func lines(_ sources: [StatusInfo.Source]) -> [String] {
        guard !sources.isEmpty else { return [] }
        var table = TextTable(
            ["sources", "state", "since", "received", "acknowledged", "pending"],
            numbers: ["received", "acknowledged", "pending"]
        )
        for source in sources {
            table.add([
                source.name, source.phase, source.connectedSince?.description ?? "–",
                source.received.grouped, source.acknowledged.grouped, source.pending.grouped,
            ])
        }
        let errors = sources.compactMap { source in
            source.lastError.map { error in
                let time = source.lastErrorAt.map { " (\($0))" } ?? ""
                return "\(source.name), last error\(time): \(error)"
            }
        }
        return table.lines + errors
    }
}
