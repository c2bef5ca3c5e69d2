import Client
import Core
import FoundationEssentials
import Wire

/// A decoded file of events, in time order.
struct EventFileSource {
    let events: EventBatch
    /// Hex hash of the file's content.
    let digest: String
    let rejected: [RejectedEvent]
    let rejectedCount: Int
    let rejectedByReason: [String: Int]

    /// Reads and decodes a file; readings are sorted by time, equal times keep their order.
    static func open(
        _ path: String,
        format: String?,
        options: DecodeOptions
    ) throws -> EventFileSource {
        let named = try format.map { text in
            guard let known = EventFormat(rawValue: text) else {
                throw FleetError(
                    .invalidArgument,
                    "there is no format \"\(text)\"",
                    hint: "use csv, ndjson or json"
                )
            }
            return known
        }
        guard let format = named ?? EventFormat(fileName: path) else {
            throw FleetError(
                .invalidArgument,
                "the format of \(path) cannot be told by its name",
                hint: "pass --format csv, ndjson or json"
            )
        }
        var limits = Limits()
        limits.batchEventCountMax = .max
        let bytes = try Files.bytes(path)
        return try bytes.withUnsafeBytes { content in
            let decoded = try Files.naming(path) {
                try EventDecoder.decode(
                    content,
                    format: format,
                    options: options,
                    limits: limits
                )
            }
            return EventFileSource(
                events: decoded.batch.sortedByTime(),
                digest: String(XXHash64.hash(content), radix: 16),
                rejected: decoded.rejected,
                rejectedCount: decoded.rejectedCount,
                rejectedByReason: decoded.rejectedByReason
            )
        }
    }
}

extension EventBatch {
    /// The events by time, equal times in their order; a sorted batch is not copied.
    func sortedByTime() -> EventBatch {
        let isSorted = zip(times, times.dropFirst()).allSatisfy { $0 <= $1 }
        guard !isSorted else { return self }
        let order = times.indices.sorted { (times[$0], $0) < (times[$1], $1) }
        var sorted = EventBatch()
        sorted.series = series
        sorted.seriesIndex = order.map { seriesIndex[$0] }
        sorted.times = order.map { times[$0] }
        sorted.values = order.map { values[$0] }
        return sorted
    }

    /// Rows of a range as the CSV that the server takes, times in microseconds.
    func csv(_ range: Range<Int>) -> [UInt8] {
        var bytes = Array("time,device,sensor,value\n".utf8)
        bytes.reserveCapacity(range.count * 48)
        let middles = series.keys.map { key in
            Array(",\(CSVField.quoted(key.device)),\(CSVField.quoted(key.sensor)),".utf8)
        }
        for row in range {
            bytes.append(contentsOf: String(times[row]).utf8)
            bytes.append(contentsOf: middles[Int(seriesIndex[row])])
            bytes.append(contentsOf: values[row].description.utf8)
            bytes.append(0x0A)
        }
        return bytes
    }
}

/// Sends events in batches, each once however often it is tried.
struct EventSender {
    let client: FleetscoreClient
    var batchEventCount = 20_000
    /// Batches with the same prefix and number are the same batch.
    let keyPrefix: String
    var clock: any Clock<Duration> = ContinuousClock()

    /// What became of the events sent.
    struct Sent {
        var accepted = 0
        var alreadyThere = 0
        var rejected = 0
    }

    /// Sends all events in order; tells how many are done after each batch.
    func send(_ events: EventBatch, progress: (Int) -> Void = { _ in }) async throws -> Sent {
        var sent = Sent()
        for start in stride(from: 0, to: events.count, by: batchEventCount) {
            try Task.checkCancellation()
            let range = start..<min(start + batchEventCount, events.count)
            let answer = try await post(
                events.csv(range),
                key: "\(keyPrefix)-\(batchEventCount)-\(start)"
            )
            if answer.duplicate {
                sent.alreadyThere += range.count
            } else {
                sent.accepted += answer.accepted
            }
            sent.rejected += answer.rejected
            progress(range.upperBound)
        }
        return sent
    }

    /// How many events are late so far, in the definition with the most, and how many wait.
    func status() async throws -> (late: Int64, lag: Int64) {
        let status: StatusInfo = try await client.get("/v1/status")
        return (status.definitions.map(\.late).max() ?? 0, status.lag)
    }

    /// Says that everything is sent.
    func complete() async throws {
        _ = try await client.bytes("POST", "/v1/events/complete", [:], body: nil)
    }

    /// Posts a batch; waits and repeats while the server is full or away, for about a minute.
    private func post(_ body: [UInt8], key: String) async throws -> EventsAnswer {
        var delay = Duration.milliseconds(100)
        for _ in 0..<10 {
            do {
                return try await client.post(
                    "/v1/events",
                    ["time_unit": "us"],
                    body: .init(body, contentType: "text/csv"),
                    headers: ["Idempotency-Key": key]
                )
            } catch let error as FleetError where error.isRetriable {
                try await clock.sleep(for: delay)
                delay = min(delay * 2, .seconds(10))
            }
        }
        return try await client.post(
            "/v1/events",
            ["time_unit": "us"],
            body: .init(body, contentType: "text/csv"),
            headers: ["Idempotency-Key": key]
        )
    }
}
