import Core
import EventLog
import Foundation
import KafkaLog
import Logging
import Synchronization
import TestKit
import Testing

/// Opens a log on a topic for a test.
func openLog(
    _ address: String,
    _ topic: String,
    group: String? = nil,
    decode: ForeignDecoder? = nil,
    reject: @escaping @Sendable ([KafkaReject]) -> Void = { _ in },
    change: (inout KafkaSettings) -> Void = { _ in }
) async throws -> KafkaLog {
    var settings = KafkaSettings(brokers: address, topic: topic)
    if let group { settings.group = group }
    change(&settings)
    return try await KafkaLog.open(
        settings,
        joinsGroup: group != nil,
        wallClock: SystemWallClock(),
        clock: EventLogContract.clock,
        logger: quietLogger,
        decodeForeign: decode,
        reject: reject
    )
}

/// Logs nothing, or all of it when FLEETSCORE_KAFKA_TEST_LOG is set.
let quietLogger = Logger(
    label: "kafka",
    factory: { label -> any LogHandler in
        if ProcessInfo.processInfo.environment["FLEETSCORE_KAFKA_TEST_LOG"] == nil {
            return SwiftLogNoOpLogHandler()
        }
        var handler = StreamLogHandler.standardError(label: label)
        handler.logLevel = .debug
        return handler
    }
)

/// All values in frames, in order of arrival.
func values(_ frames: [LogFrame]) -> [Int] {
    frames.flatMap { frame -> [Int] in
        if let batch = frame.record.events { batch.values.map { Int($0) } } else { [] }
    }
}

/// Asks again and again until the answer is yes.
func eventually(
    within limit: Duration = .seconds(40),
    _ what: String,
    _ question: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while try await !question() {
        guard clock.now < deadline else {
            throw BrokerProblem(description: "waited \(limit) for \(what)")
        }
        try await clock.sleep(for: .milliseconds(10))
    }
}
