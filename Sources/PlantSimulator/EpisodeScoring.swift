package import Core

/// How well anomalous windows match the injected faults, counted in episodes.
///
/// A predicted episode is a run of at least ``runLengthMin`` consecutive anomalous windows of a
/// series; runs with at most ``gapMax`` windows between them are one episode. Shorter runs are no
/// episode. A predicted episode is right when it overlaps a fault of its series, a fault is found
/// when a predicted episode overlaps it.
package struct EpisodeScoring: Sendable {
    /// The size of the windows.
    package let windowSize: Duration
    package var runLengthMin = 3
    package var gapMax = 2

    package init(windowSize: Duration) {
        self.windowSize = windowSize
    }

    /// What scoring found.
    package struct Result: Sendable, Equatable {
        /// Predicted episodes over all series.
        package var predicted = 0
        /// Those that overlap a fault of their series.
        package var right = 0
        /// Faults of which at least half lies in the scored range.
        package var faults = 0
        /// Those that a predicted episode overlaps.
        package var found = 0

        /// Right among predicted; 1 when nothing was predicted.
        package var precision: Double {
            predicted == 0 ? 1 : Double(right) / Double(predicted)
        }

        /// Found among faults; 1 when there is none.
        package var recall: Double { faults == 0 ? 1 : Double(found) / Double(faults) }
    }

    /// The episodes of one series, from the starts of its anomalous windows in any order.
    package func episodes(
        anomalousStarts: [Timestamp]
    ) -> [(start: Timestamp, end: Timestamp)] {
        let size = max(1, windowSize.microseconds)
        var runs: [(start: Int64, end: Int64)] = []
        for start in Set(anomalousStarts.map(\.microseconds)).sorted() {
            if let last = runs.last, start <= last.end {
                runs[runs.count - 1].end = start + size
            } else {
                runs.append((start, start + size))
            }
        }
        var merged: [(start: Int64, end: Int64)] = []
        for run in runs where run.end - run.start >= size * Int64(runLengthMin) {
            if let last = merged.last, run.start - last.end <= size * Int64(gapMax) {
                merged[merged.count - 1].end = run.end
            } else {
                merged.append(run)
            }
        }
        return merged.map {
            (Timestamp(microseconds: $0.start), Timestamp(microseconds: $0.end))
        }
    }

    /// Compares the anomalous windows of every series, given by their starts, with the faults.
    ///
    /// Pass all faults that overlap the scored range `[from, to)`. A fault of which less than half
    /// lies in the range makes episodes right, but is not among those to be found.
    package func score(
        anomalousStarts: [SeriesKey: [Timestamp]],
        faults: [FaultEpisode],
        from: Timestamp,
        to: Timestamp
    ) -> Result {
        var result = Result()
        let predicted = anomalousStarts.mapValues { episodes(anomalousStarts: $0) }
        var bySeries: [SeriesKey: [FaultEpisode]] = [:]
        for fault in faults {
            bySeries[fault.key, default: []].append(fault)
            let inside = min(fault.end, to) - max(fault.start, from)
            guard inside * 2 >= fault.end - fault.start else { continue }
            result.faults += 1
            let isFound = predicted[fault.key, default: []]
                .contains { $0.start < fault.end && fault.start < $0.end }
            if isFound { result.found += 1 }
        }
        for (key, episodes) in predicted {
            result.predicted += episodes.count
            result.right += episodes.count { episode in
                bySeries[key, default: []]
                    .contains { $0.start < episode.end && episode.start < $0.end }
            }
        }
        return result
    }
}
