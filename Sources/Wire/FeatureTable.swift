public import Core

/// A table of feature rows as a file holds it: a row a window, a column a feature.
///
/// - Shape: `values` is `[count, featureNames.count]`, row-major; NaN where a cell is empty.
/// - Units: starts and ends are microseconds since the epoch.
public struct FeatureTable: Sendable {
    public var featureNames: [String]
    /// The keys of runs of rows that have the same key, in file order.
    public var runKeys: [SeriesKey] = []
    /// Per run: its first row; one more entry than runs, the last being the row count.
    public var runOffsets: [Int] = [0]
    public var starts: [Int64] = []
    public var ends: [Int64] = []
    public var values: [Double] = []
    /// Rows that could not be read.
    public var rejected: [RejectedEvent] = []
    public var rejectedCount = 0

    public init(featureNames: [String]) { self.featureNames = featureNames }

    public var count: Int { ends.count }

    /// The rows sorted by key, then by window end; rows that are sorted already stay where they
    /// are.
    public consuming func batch() -> FeatureBatch {
        var batch = FeatureBatch(featureNames: featureNames)
        batch.coverages = [Double](repeating: .nan, count: count)
        if isSorted {
            batch.keys = runKeys
            batch.rowOffsets = runOffsets
            batch.starts = starts
            batch.ends = ends
            batch.values = values
            return batch
        }
        let order = sortedRows()
        let width = featureNames.count
        batch.starts.reserveCapacity(count)
        batch.ends.reserveCapacity(count)
        batch.values.reserveCapacity(values.count)
        var last: Int?
        for (run, row) in order {
            if last.map({ runKeys[$0] != runKeys[run] }) ?? true {
                batch.keys.append(runKeys[run])
                batch.rowOffsets.append(batch.ends.count)
            }
            last = run
            batch.starts.append(starts[row])
            batch.ends.append(ends[row])
            batch.values.append(contentsOf: values[(row * width)..<((row + 1) * width)])
            batch.rowOffsets[batch.keys.count] = batch.ends.count
        }
        return batch
    }

    /// Whether keys ascend from run to run and ends within each run.
    private var isSorted: Bool {
        for run in runKeys.indices {
            if run > 0, !(runKeys[run - 1] < runKeys[run]) { return false }
            let rows = runOffsets[run]..<runOffsets[run + 1]
            for row in rows.dropFirst() where ends[row] < ends[row - 1] { return false }
        }
        return true
    }

    /// Run and row, by key, then by end, then as they are in the file.
    private func sortedRows() -> [(run: Int, row: Int)] {
        let runs = runKeys.indices.sorted {
            runKeys[$0] != runKeys[$1] ? runKeys[$0] < runKeys[$1] : $0 < $1
        }
        var result: [(run: Int, row: Int)] = []
        result.reserveCapacity(count)
        var first = 0
        while first < runs.count {
            var end = first + 1
            while end < runs.count, runKeys[runs[end]] == runKeys[runs[first]] { end += 1 }
            var rows: [(run: Int, row: Int)] = []
            for run in runs[first..<end] {
                for row in runOffsets[run]..<runOffsets[run + 1] { rows.append((run, row)) }
            }
            rows.sort { (ends[$0.row], $0.row) < (ends[$1.row], $1.row) }
            result += rows
            first = end
        }
        return result
    }

    /// Appends the rows of the next piece of the same file.
    mutating func append(_ next: consuming FeatureTable) {
        var firstRun = 0
        if let last = runKeys.last, let key = next.runKeys.first, last == key {
            // The piece goes on with the key this one ended with.
            runOffsets[runKeys.count] += next.runOffsets[1]
            firstRun = 1
        }
        let shift = count
        for run in firstRun..<max(firstRun, next.runKeys.count) {
            runKeys.append(next.runKeys[run])
            runOffsets.append(next.runOffsets[run + 1] + shift)
        }
        starts += next.starts
        ends += next.ends
        values += next.values
        rejected += next.rejected.prefix(max(0, Limits().rejectedListCountMax - rejected.count))
        rejectedCount += next.rejectedCount
    }
}
