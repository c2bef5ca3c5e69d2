package import Core
package import Store
import Synchronization

/// The limits of values that the registry has, ready to be held against batches.
package struct SeriesRules: Sendable {
    /// The least and greatest value of a series.
    private struct Bounds {
        var min = -Double.infinity
        var max = Double.infinity
    }

    /// Keys with limits; an empty sensor stands for all sensors of a device without their own.
    private var series = SeriesDictionary()
    private var bounds: [Bounds] = []

    /// No limits.
    package init() {}

    /// Reads all entries of the registry.
    package init(of store: any WindowStore) async throws {
        var after: SeriesKey?
        var device: RegistryEntry?
        while true {
            let page = try await store.registry(after: after, limit: 10_000)
            guard let last = page.last else { return }
            after = last.key
            for entry in page {
                if entry.key.isDevice { device = entry }
                let owner = device.flatMap { $0.key.device == entry.key.device ? $0 : nil }
                let merged = entry.key.isDevice ? entry : entry.over(owner)
                guard merged.min != nil || merged.max != nil else {
                    // It hides the limits of its device from the look-up below.
                    if !entry.key.isDevice { add(entry.key, Bounds()) }
                    continue
                }
                add(
                    entry.key,
                    Bounds(min: merged.min ?? -.infinity, max: merged.max ?? .infinity)
                )
            }
        }
    }

    private mutating func add(_ key: SeriesKey, _ limits: Bounds) {
        guard series.insert(key) == UInt32(bounds.count) else { return }
        bounds.append(limits)
    }

    package var isEmpty: Bool { bounds.isEmpty }

    /// The rows of a batch whose values are outside the limits of their series, ascending.
    package func violations(in batch: EventBatch) -> [Int] {
        guard !isEmpty else { return [] }
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        let limits = (0..<UInt32(batch.series.count)).map { id -> Bounds in
            let known =
                series.id(of: id, in: batch.series)
                ?? batch.series.withBytes(of: id) { device, _ in
                    series.id(device: device, sensor: empty)
                }
            return known.map { bounds[Int($0)] } ?? Bounds()
        }
        return batch.values.indices.filter { row in
            let limit = limits[Int(batch.seriesIndex[row])]
            return batch.values[row] < limit.min || batch.values[row] > limit.max
        }
    }
}

/// The rules in force; replaced as a whole when the registry changes.
package final class RuleBook: Sendable {
    private let rules = Mutex(SeriesRules())

    package init() {}

    package var current: SeriesRules { rules.withLock { $0 } }

    /// Reads the registry again.
    package func reload(from store: any WindowStore) async throws {
        let fresh = try await SeriesRules(of: store)
        rules.withLock { $0 = fresh }
    }
}

extension EventBatch {
    /// The batch without some rows, which are ascending.
    func removing(_ rows: [Int]) -> EventBatch {
        guard !rows.isEmpty else { return self }
        var kept = EventBatch()
        kept.series = series
        kept.reserveCapacity(count - rows.count)
        var next = 0
        for row in 0..<count {
            if next < rows.count, rows[next] == row {
                next += 1
                continue
            }
            kept.append(series: seriesIndex[row], time: times[row], value: values[row])
        }
        return kept
    }
}
