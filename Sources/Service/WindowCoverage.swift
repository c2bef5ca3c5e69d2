import Core

/// How many of the events that were expected are in each window of a batch.
struct WindowCoverage {
    /// Events seen and expected, of one window or of several together.
    struct Share {
        var seen = 0.0
        var expected = 0.0

        mutating func add(_ other: Share) {
            seen += other.seen
            expected += other.expected
        }

        /// Seen over expected, 0...1; NaN when nothing is known to be expected.
        var value: Double { expected > 0 ? seen / expected : .nan }
    }

    private let windows: WindowBatch
    /// Per series of the batch: how often an event is expected.
    private let expected: [Duration?]

    init(_ windows: WindowBatch, expected: [Duration?]) {
        self.windows = windows
        self.expected = expected
    }

    /// The share of one window; events beyond the expected ones do not make up for others.
    func share(at row: Int) -> Share {
        let series = Int(windows.seriesIndex[row])
        guard series < expected.count, let interval = expected[series], interval > .zero else {
            return Share()
        }
        let length = windows.ends[row] - windows.starts[row]
        let count = max(1, Double(length) / Double(interval.microseconds))
        return Share(seen: min(Double(windows.counts[row]), count), expected: count)
    }

    func value(at row: Int) -> Double { share(at: row).value }
}
