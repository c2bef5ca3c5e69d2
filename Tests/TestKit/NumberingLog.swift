package import Core
package import EventLog

/// A log whose events come with the numbers of their series, as from the door of a server.
package struct NumberingLog: EventLog {
    private let log: any EventLog
    private let numbers: SeriesNumbers

    package init(_ log: any EventLog) {
        self.log = log
        numbers = SeriesNumbers(countMax: 1 << 20, partitionCount: log.partitionCount)
    }

    package var partitionCount: Int { log.partitionCount }
    package var offsetsHaveGaps: Bool { log.offsetsHaveGaps }

    package func append(
        _ events: EventBatch,
        idempotencyKey: String?
    ) async throws -> AppendReceipt {
        var events = events
        _ = numbers.assign(to: &events.series)
        guard let numbered = events.numbered() else {
            return try await log.append(events, idempotencyKey: idempotencyKey)
        }
        return try await log.append(numbered, idempotencyKey: idempotencyKey)
    }

    package func append(control: LogRecord, partition: Int) async throws {
        try await log.append(control: control, partition: partition)
    }

    package func knows(idempotencyKey: String) async throws -> Bool {
        try await log.knows(idempotencyKey: idempotencyKey)
    }

    package func assignment() async -> LogAssignment { await log.assignment() }

    package func read(from offsets: [Int64], eventCountMax: Int) async throws -> [LogFrame] {
        try await log.read(from: offsets, eventCountMax: eventCountMax)
    }

    package func readJoined(
        from offsets: [Int64],
        eventCountMax: Int
    ) async throws -> [LogFrame] {
        try await log.readJoined(from: offsets, eventCountMax: eventCountMax)
    }

    package func waitForAppend(beyond offsets: [Int64], timeout: Duration) async {
        await log.waitForAppend(beyond: offsets, timeout: timeout)
    }

    package func endOffsets() async -> [Int64] { await log.endOffsets() }
    package func startOffsets() async -> [Int64] { await log.startOffsets() }
    package func release(before offsets: [Int64]) async { await log.release(before: offsets) }
    package func close() async { await log.close() }
}
