package import Core
package import Store
import Synchronization

/// Lets series appear by themselves up to a limit.
///
/// Knows series by their 64-bit hash: of a million the chance that two share one is 3e-8, and then
/// one series more than the limit appears.
///
/// - Concurrency: any task; a batch holds the lock for some nanoseconds a series.
package final class SeriesGate: Sendable {
    private let countMax: Int
    private let known = Mutex(HashSet64())

    package init(countMax: Int) {
        self.countMax = countMax
    }

    /// How many series are known.
    package var count: Int { known.withLock { $0.count } }

    /// Learns the series that the store has.
    package func load(from store: any WindowStore) async throws {
        var after: SeriesKey?
        while true {
            let page = try await store.series(after: after, limit: 50_000)
            guard let last = page.last else { return }
            after = last.key
            let keys = SeriesDictionary(page.map(\.key))
            known.withLock { known in
                for id in 0..<UInt32(keys.count) { known.insert(keys.hash(of: id)) }
            }
        }
    }

    /// Learns the new series of a batch; answers the rows of those that would be too many.
    package func surplus(in batch: EventBatch) -> [Int] {
        let refused = known.withLock { known -> [UInt32] in
            var refused: [UInt32] = []
            for id in 0..<UInt32(batch.series.count) {
                let hash = batch.series.hash(of: id)
                if known.count < countMax {
                    known.insert(hash)
                } else if !known.contains(hash) {
                    refused.append(id)
                }
            }
            return refused
        }
        guard !refused.isEmpty else { return [] }
        var isRefused = [Bool](repeating: false, count: batch.series.count)
        for id in refused { isRefused[Int(id)] = true }
        return batch.seriesIndex.indices.filter { isRefused[Int(batch.seriesIndex[$0])] }
    }
}

/// A set of well mixed 64-bit numbers, 8 bytes a slot.
struct HashSet64: Sendable {
    /// Open addressing over a power of two of slots; 0 is empty.
    private var slots: [UInt64] = Array(repeating: 0, count: 1024)
    private(set) var count = 0

    func contains(_ hash: UInt64) -> Bool { slots[slot(of: hash | 1)] != 0 }

    mutating func insert(_ hash: UInt64) {
        // The lowest bit marks slots in use, the others place the number.
        let mark = hash | 1
        let place = slot(of: mark)
        guard slots[place] == 0 else { return }
        slots[place] = mark
        count += 1
        if count * 4 > slots.count * 3 { grow() }
    }

    private func slot(of mark: UInt64) -> Int {
        slots.withUnsafeBufferPointer { slots in
            let mask = slots.count &- 1
            var place = Int(truncatingIfNeeded: mark >> 1) & mask
            while slots[place] != 0, slots[place] != mark { place = (place &+ 1) & mask }
            return place
        }
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: 0, count: old.count * 2)
        for mark in old where mark != 0 { slots[slot(of: mark)] = mark }
    }
}
