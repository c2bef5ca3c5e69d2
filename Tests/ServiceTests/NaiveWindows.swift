import Core
import EventLog
import Service
import Store
import TestKit

/// A window as plainly as tests compare it.
struct PlainWindow: Hashable, CustomStringConvertible {
    let key: SeriesKey
    let end: Int64
    let count: Int64
    let sum: Double
    let min: Double
    let max: Double
    let first: Double
    let last: Double

    var description: String { "\(key)@\(end): \(count), \(sum), \(min)...\(max)" }
}

extension WindowBatch {
    var plain: [PlainWindow] {
        (0..<count).map { row in
            PlainWindow(
                key: key(at: row),
                end: ends[row],
                count: counts[row],
                sum: sums[row],
                min: mins[row],
                max: maxs[row],
                first: firsts[row],
                last: lasts[row]
            )
        }
    }
}

/// One reading with whole-number values, so that sums are exact in any order.
struct Reading {
    let key: SeriesKey
    let time: Int64
    let value: Double
}

/// Every window of readings, none late and none twice.
func naiveWindows(_ readings: [Reading], size: Int64) -> Set<PlainWindow> {
    struct Slot: Hashable {
        let key: SeriesKey
        let end: Int64
    }
    let groups = Dictionary(grouping: readings) { reading in
        Slot(key: reading.key, end: (reading.time / size + 1) * size)
    }
    return Set(
        groups.map { slot, readings in
            let ordered = readings.sorted { $0.time < $1.time }
            let values = ordered.map(\.value)
            return PlainWindow(
                key: slot.key,
                end: slot.end,
                count: Int64(values.count),
                sum: values.reduce(0, +),
                min: values.min() ?? .nan,
                max: values.max() ?? .nan,
                first: values.first ?? .nan,
                last: values.last ?? .nan
            )
        }
    )
}

extension ServiceFixture {
    /// All stored windows, by key, then end.
    func storedWindows() async throws -> [PlainWindow] {
        let all = try TimeInterval(start: .distantPast, end: .distantFuture)
        return try await windows.windows(
            definition: "1m",
            interval: all,
            throughSequence: .max,
            after: nil,
            limit: .max
        ).plain
    }

    /// Appends readings to the log as one batch.
    func append(_ readings: [Reading]) async throws {
        var batch = EventBatch()
        for reading in readings {
            batch.append(reading.key, Timestamp(microseconds: reading.time), reading.value)
        }
        _ = try await log.append(batch, idempotencyKey: nil)
    }

    /// Lets an aggregator apply everything, its own idle records too.
    func settle(_ aggregator: Aggregator) async throws {
        while try await aggregator.step() {}
        while try await aggregator.step() {}
    }
}
