package import Core
package import Store

/// Lets series appear by themselves up to a limit, and numbers them.
///
/// - Concurrency: any task; series that have numbers take no lock.
package final class SeriesGate: Sendable {
    /// What the process calls the series it knows.
    package let numbers: SeriesNumbers

    package init(countMax: Int, partitionCount: Int) {
        numbers = SeriesNumbers(countMax: countMax, partitionCount: partitionCount)
    }

    /// How many series are known.
    package var count: Int { numbers.count }

    /// Learns the series that the store has.
    package func load(from store: any WindowStore) async throws {
        var after: SeriesKey?
        while true {
            let page = try await store.series(after: after, limit: 50_000)
            guard let last = page.last else { return }
            after = last.key
            var keys = SeriesDictionary(page.map(\.key))
            _ = numbers.assign(to: &keys)
        }
    }

    /// Learns and numbers the new series of a batch; answers the rows of those that are too many.
    package func surplus(in batch: inout EventBatch) -> [Int] {
        let refused = numbers.assign(to: &batch.series)
        return rows(of: refused, in: batch)
    }

    /// Answers the rows of series that are too many, and learns none.
    package func surplus(ofKnown batch: EventBatch) -> [Int] {
        rows(of: numbers.surplus(of: batch.series), in: batch)
    }

    private func rows(of refused: [UInt32], in batch: EventBatch) -> [Int] {
        guard !refused.isEmpty else { return [] }
        var isRefused = [Bool](repeating: false, count: batch.series.count)
        for id in refused { isRefused[Int(id)] = true }
        return batch.seriesIndex.indices.filter { isRefused[Int(batch.seriesIndex[$0])] }
    }
}
