import Core
import Disk
import EventLog
import Synchronization
import TestKit

/// A wall clock that tests move by hand.
final class HandWallClock: WallClock {
    private let time = Atomic<Int64>(1_000_000_000)

    var now: Timestamp { Timestamp(microseconds: time.load(ordering: .relaxed)) }

    func advance(by duration: Duration) {
        time.wrappingAdd(duration.microseconds, ordering: .relaxed)
    }
}

func openLog(
    _ disk: any Disk,
    _ configuration: LogConfiguration = LogConfiguration(),
    limits: Limits = Limits(),
    wallClock: any WallClock = HandWallClock()
) async throws -> SegmentLog {
    try await SegmentLog.open(
        disk: disk,
        configuration: configuration,
        limits: limits,
        wallClock: wallClock,
        clock: EventLogContract.clock
    )
}

/// The values of all events in a log, sorted.
func values(_ log: any EventLog) async throws -> [Int] {
    try await EventLogContract.drain(log, eventCountMax: 1000).flatMap { frame -> [Int] in
        guard let batch = frame.record.events else { return [] }
        return batch.values.map { Int($0) }
    }.sorted()
}

func smallSegments(_ byteCount: Int = 4000) -> LogConfiguration {
    var configuration = LogConfiguration()
    configuration.segmentByteCount = byteCount
    return configuration
}

let firstSegment = "log/segment-00000000000000000000.log"
