import CRdKafka
package import Core
import Disk
package import EventLog
package import Logging
import Synchronization

/// The event log as a Kafka topic, or an Azure event hub through its Kafka endpoint.
///
/// A message has one offset, however many events it carries; offsets can have gaps. Appends
/// return when all in-sync replicas have the events. A batch with an idempotency key that is sent
/// again, to this process or another, counts once within `dedupeOffsetCount` offsets of its
/// partition: readers drop its messages.
///
/// As a member of a group the log reads the partitions that the group gives it
/// (``assignment()``), each from the offset it is asked for: offsets live with the windows in SQL,
/// not in Kafka. Without a group it reads all partitions.
///
/// - Concurrency: any task, but one reader: two that read different offsets would make the log
///   fetch back and forth. Another reader opens a log of its own, without a group. Blocking calls
///   run on threads of the log's own.
package final class KafkaLog: EventLog {
    package let partitionCount: Int
    package var offsetsHaveGaps: Bool { true }

    private let settings: KafkaSettings
    private let limits: Limits
    private let wallClock: any WallClock
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let board: KafkaBoard
    private let thread: BlockingThread
    private let fetcher: KafkaFetcher
    private let member: KafkaMember?
    private let sender: KafkaSender

    /// Connects, makes the topic when it is missing, and joins the group.
    ///
    /// Without `joinsGroup` it reads all partitions, or serves a process that only appends.
    /// `limits.pendingEventCountMax` bounds what waits to be acknowledged; `wallClock` stamps
    /// messages and `clock` measures the timeout of waits. `decodeForeign` reads messages of other
    /// programs, which are rejected without it; `reject` gets what is not taken in, on the reading
    /// thread, and must return soon.
    ///
    /// - Throws: `.invalidArgument` for settings; `.unavailable` when no broker answers in time;
    ///   `.conflict` when the topic has another partition count.
    package static func open(
        _ settings: KafkaSettings,
        joinsGroup: Bool = true,
        limits: Limits = Limits(),
        wallClock: any WallClock,
        clock: any Clock<Duration>,
        logger: Logger,
        decodeForeign: ForeignDecoder? = nil,
        reject: @escaping @Sendable ([KafkaReject]) -> Void = { _ in }
    ) async throws -> KafkaLog {
        try settings.validate()
        logVersion(logger)
        let thread = try BlockingThread(name: "kafka reader")
        return try await thread.run {
            let partitionCount = try openTopic(settings, logger)
            let handle = try KafkaHandle(
                RD_KAFKA_CONSUMER,
                .fetcher(settings, partitionCount: partitionCount),
                events: KafkaEvents(logger: logger)
            )
            let board = KafkaBoard(partitionCount: partitionCount, hasGroup: joinsGroup)
            let fetcher = try KafkaFetcher(
                KafkaTopic(handle: handle, settings: settings, timeout: .seconds(2)),
                partitionCount: partitionCount,
                context: FetchContext(
                    board: board,
                    logger: logger,
                    wallClock: wallClock,
                    decodeForeign: decodeForeign,
                    reject: reject
                )
            )
            fetcher.refresh()
            return try KafkaLog(
                settings,
                thread,
                board,
                fetcher,
                joinsGroup: joinsGroup,
                Surroundings(limits: limits, wallClock: wallClock, clock: clock, logger: logger)
            )
        }
    }

    /// The topic's partitions, by a client that is gone afterwards.
    private static func openTopic(_ settings: KafkaSettings, _ logger: Logger) throws -> Int {
        let handle = try KafkaHandle(
            RD_KAFKA_CONSUMER,
            .fetcher(settings, partitionCount: 1),
            events: KafkaEvents(logger: logger)
        )
        defer { handle.destroy() }
        let topic = KafkaTopic(
            handle: handle,
            settings: settings,
            timeout: settings.connectTimeout
        )
        return try topic.open()
    }

    /// What the log is given by whoever opens it.
    private struct Surroundings {
        let limits: Limits
        let wallClock: any WallClock
        let clock: any Clock<Duration>
        let logger: Logger
    }

    private init(
        _ settings: KafkaSettings,
        _ thread: BlockingThread,
        _ board: KafkaBoard,
        _ fetcher: KafkaFetcher,
        joinsGroup: Bool,
        _ surroundings: Surroundings
    ) throws {
        self.settings = settings
        self.thread = thread
        self.board = board
        self.fetcher = fetcher
        limits = surroundings.limits
        wallClock = surroundings.wallClock
        clock = surroundings.clock
        logger = surroundings.logger
        partitionCount = board.ends.count
        sender = try KafkaSender(
            settings,
            partitionCount: board.ends.count,
            pendingEventCountMax: surroundings.limits.pendingEventCountMax,
            logger: surroundings.logger
        ) { board.extend($0, to: $1 + 1) }
        member =
            joinsGroup
            ? try KafkaMember(
                settings,
                events: KafkaEvents(logger: surroundings.logger) {
                    board.rebalance($0)
                }
            ) : nil
    }

    deinit {
        guard board.close() else { return }
        member?.retire()
    }

    /// The version of librdkafka in use, such as `2.0.2`.
    package static var libraryVersion: String {
        rd_kafka_version_str().map { String(cString: $0) } ?? "unknown"
    }

    private static func logVersion(_ logger: Logger) {
        logger.info("kafka client", metadata: ["librdkafka.version": "\(libraryVersion)"])
        guard rd_kafka_version() < 0x0202_0000 else { return }
        logger.warning(
            "librdkafka before 2.2 cannot connect to some newer brokers; install a newer one",
            metadata: ["librdkafka.version": "\(libraryVersion)"]
        )
    }

    package func append(
        _ events: EventBatch,
        idempotencyKey: String?
    ) async throws -> AppendReceipt {
        try await sender.append(events, idempotencyKey: idempotencyKey, time: wallClock.now)
    }

    package func append(control: LogRecord, partition: Int) async throws {
        try await sender.append(control: control, partition: partition, time: wallClock.now)
    }

    /// Frames in order of each partition; waits up to two seconds for what is known to be there.
    package func read(from offsets: [Int64], eventCountMax: Int) async throws -> [LogFrame] {
        guard offsets.count == partitionCount else {
            throw FleetError(
                .invalidArgument,
                "\(offsets.count) offsets were given for \(partitionCount) partitions"
            )
        }
        var timeouts = 0
        var rounds = 0
        while true {
            let number = board.signal.number
            if board.isClosed { throw Self.closed }
            let result = try await thread.run { [fetcher] in
                try fetcher.read(from: offsets, eventCountMax: eventCountMax)
            }
            guard result.frames.isEmpty, result.isBehind, timeouts < 20, rounds < 2000,
                !Task.isCancelled
            else { return result.frames }
            rounds += 1
            let isNews = await board.signal.wait(
                since: number,
                timeout: .milliseconds(100),
                clock: clock
            )
            // News of other partitions use up less of the patience.
            if isNews { try await clock.sleep(for: .milliseconds(1)) } else { timeouts += 1 }
        }
    }

    package func waitForAppend(beyond offsets: [Int64], timeout: Duration) async {
        let number = board.signal.number
        if board.isReady(beyond: offsets) { return }
        await board.signal.wait(since: number, timeout: timeout, clock: clock)
    }

    package func assignment() async -> LogAssignment {
        let (generation, owned) = board.assignment()
        return LogAssignment(
            generation: generation,
            partitions: owned ?? Array(0..<partitionCount)
        )
    }

    /// The end of each partition as brokers said it within the last second.
    package func endOffsets() async -> [Int64] {
        await refreshIfDue()
        return board.ends
    }

    /// The start of each partition as brokers said it within the last second.
    package func startOffsets() async -> [Int64] {
        await refreshIfDue()
        return board.starts
    }

    /// Retention is the topic's; the offsets are committed so that tools can show the group's lag.
    package func release(before offsets: [Int64]) async {
        guard let member else { return }
        let wanted = offsets.enumerated().filter { $0.element != .max && board.owns($0.offset) }
        member.commit(wanted.map { ($0.offset, $0.element) })
    }

    /// Waits for pending appends, at most the delivery timeout, and leaves the group.
    package func close() async {
        guard board.close() else { return }
        await sender.close()
        await member?.close()
        try? await thread.run { [fetcher] in fetcher.close() }
        thread.stop()
    }

    static let closed = FleetError(.unavailable, "the event log is closed")

    private func refreshIfDue() async {
        guard board.isRefreshDue(now: wallClock.now, every: .seconds(1)) else { return }
        // When it fails what is known stays, and appends and reads say what is wrong.
        _ = try? await thread.run { [fetcher] in fetcher.refresh() }
    }
}
