import Client
import Core

extension RunningServer {
    /// The accepted readings in log order.
    func exportedReadings() async throws -> [Reading] {
        let bytes = try await client.getBytes("/v1/events", ["format": "csv"])
        return try String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst()
            .map { line in
                let cells = line.split(separator: ",").map(String.init)
                guard cells.count == 4, let time = Timestamp(rfc3339: cells[0]),
                    let value = Double(cells[3])
                else { throw ProcessProblem("no reading: \(line)") }
                return Reading(
                    key: try SeriesKey(device: cells[1], sensor: cells[2]),
                    time: time.microseconds,
                    value: value
                )
            }
    }
}

extension [RunningServer] {
    /// Closes all windows of servers that share a log, and answers the accepted readings in order.
    func completedReadings() async throws -> [Reading] {
        guard let first else { throw ProcessProblem("no server to ask") }
        _ = try await first.client.bytes("POST", "/v1/events/complete", [:], body: nil)
        try await eventually("all windows to close") {
            for server in self {
                let status: StatusInfo = try await server.client.get("/v1/status")
                guard status.problem == nil, status.lag == 0,
                    count > 1 || !status.partitions.isEmpty,
                    status.partitions.allSatisfy({ $0.openWindows == 0 })
                else { return false }
            }
            return true
        }
        return try await first.exportedReadings()
    }
}
