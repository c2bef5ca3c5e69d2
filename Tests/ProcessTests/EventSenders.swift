import Client
import Core

/// Sends batches from several tasks to whatever server runs, each until it is acknowledged.
actor EventSenders {
    private var script: EventScript
    private var client: FleetscoreClient?
    private var isStopping = false
    private var pause = Duration.zero
    private var acknowledged: [Reading] = []
    private var batchCount = 0
    private var repeatCount = 0
    private var duplicateCount = 0
    private var problems: [String] = []

    init(_ script: EventScript) { self.script = script }

    /// What came of it all.
    struct Sent {
        let readings: [Reading]
        let batches: Int
        /// Requests that had no answer and were sent again.
        let repeats: Int
        /// Repeated requests of which the server had kept the first.
        let duplicates: Int
        let problems: [String]
    }

    var sent: Sent {
        Sent(
            readings: acknowledged,
            batches: batchCount,
            repeats: repeatCount,
            duplicates: duplicateCount,
            problems: problems
        )
    }

    /// From the first to the last event that was acknowledged, in microseconds.
    var span: Int64 {
        let times = acknowledged.lazy.map(\.time)
        return (times.max() ?? 0) - (times.min() ?? 0)
    }

    func use(_ client: FleetscoreClient?) { self.client = client }

    /// Waits so long after each batch.
    func slowDown(_ pause: Duration) { self.pause = pause }

    /// Lets each task end once its batch is acknowledged.
    func stop() { isStopping = true }

    nonisolated func run(taskCount: Int) async {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<taskCount { group.addTask { await self.sendAll() } }
        }
    }

    private func sendAll() async {
        let clock = ContinuousClock()
        do {
            while !isStopping, problems.isEmpty {
                try await send(script.next(), clock)
                if pause > .zero { try await clock.sleep(for: pause) }
            }
        } catch {
            problems.append("\(error)")
        }
    }

    private func send(_ batch: Batch, _ clock: ContinuousClock) async throws {
        let body = FleetscoreClient.Body(
            Array(batch.body.utf8),
            contentType: batch.isCSV ? "text/csv" : "application/x-ndjson"
        )
        while true {
            guard let client else {
                try await clock.sleep(for: .milliseconds(2))
                continue
            }
            do {
                let answer: EventsAnswer = try await client.post(
                    "/v1/events",
                    body: body,
                    headers: ["Idempotency-Key": batch.key]
                )
                guard answer.rejected == 0,
                    answer.duplicate || answer.accepted == batch.readings.count
                else { throw ProcessProblem("\(batch.key): \(answer)") }
                batchCount += 1
                duplicateCount += answer.duplicate ? 1 : 0
                acknowledged += batch.readings
                return
            } catch let error as FleetError where error.isRetriable {
                repeatCount += 1
                try await clock.sleep(for: .milliseconds(5))
            }
        }
    }
}
