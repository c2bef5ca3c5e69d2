import Core

@testable import Windowing

/// One record of a generated log.
enum NaiveRecord {
    case events(EventBatch)
    case idle(Timestamp)
    case complete
}

/// A closed window as the naive computation sees it.
struct NaiveRow {
    let key: SeriesKey
    let start: Int64
    let end: Int64
    let count: Int
    let sum: Double
    let mean: Double
    let min: Double
    let max: Double
    let stddev: Double
    let first: Double
    let last: Double

    /// Computes every aggregate from the kept readings, in 80-bit floating point.
    init(key: SeriesKey, start: Int64, end: Int64, readings: [NaiveReading]) {
        self.key = key
        self.start = start
        self.end = end
        count = readings.count
        let values = readings.map { Extended($0.value) }
        let total = values.reduce(0, +)
        let mean = total / Extended(values.count)
        let squares = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
        sum = Double(total)
        self.mean = Double(mean)
        stddev = count < 2 ? .nan : Double((squares / Extended(count - 1)).squareRoot())
        let plain = readings.map(\.value)
        min = plain.min() ?? .nan
        max = plain.max() ?? .nan
        let ordered = readings.sorted { ($0.time, $0.offset) < ($1.time, $1.offset) }
        first = ordered.first?.value ?? .nan
        last = ordered.last?.value ?? .nan
    }
}

#if arch(x86_64)
typealias Extended = Float80
#else
typealias Extended = Double
#endif

/// One reading kept for the recomputation.
struct NaiveReading: Equatable {
    let key: SeriesKey
    let time: Int64
    let value: Double
    let offset: Int64
}

/// The rules of windowing written as plainly as possible: every reading kept, everything scanned.
struct NaiveWindows {
    struct Key: Hashable {
        let series: SeriesKey
        let start: Int64
    }

    let definition: WindowDefinition
    let accepts: (Double) -> Bool
    var open: [Key: [NaiveReading]] = [:]
    var closed: [NaiveRow] = []
    var late: [NaiveReading] = []
    var windowed = 0
    var filtered = 0
    var newest: Int64?
    var closedThrough: Int64?

    init(_ definition: WindowDefinition, accepts: @escaping (Double) -> Bool) {
        self.definition = definition
        self.accepts = accepts
    }

    mutating func insert(_ reading: NaiveReading) {
        let size = definition.size.microseconds
        var start = reading.time / size * size
        if start > reading.time { start -= size }
        if !accepts(reading.value) {
            filtered += 1
        } else if isClosed(start + size) {
            late.append(reading)
        } else {
            windowed += 1
            open[Key(series: reading.key, start: start), default: []].append(reading)
        }
        newest = max(newest ?? reading.time, reading.time)
        if let watermark { close(through: watermark) }
    }

    mutating func close(through mark: Int64) {
        let size = definition.size.microseconds
        let ready = open.keys.filter { $0.start + size <= mark }
            .sorted { ($0.start, $0.series) < ($1.start, $1.series) }
        for key in ready {
            let readings = open.removeValue(forKey: key) ?? []
            let end = key.start + size
            closed.append(
                NaiveRow(key: key.series, start: key.start, end: end, readings: readings)
            )
            closedThrough = max(closedThrough ?? end, end)
        }
    }

    private var watermark: Int64? { newest.map { $0 - definition.allowedLateness.microseconds } }

    private func isClosed(_ end: Int64) -> Bool {
        watermark.map { end <= $0 } ?? false || closedThrough.map { end <= $0 } ?? false
    }
}

/// Runs a log through naive windows, dropping repeats among the last eight of a series.
func runNaively(
    _ log: [NaiveRecord],
    _ windows: inout [NaiveWindows]
) -> (accepted: Int, duplicates: Int) {
    var recent: [SeriesKey: [Int64]] = [:]
    var offset: Int64 = 0
    var accepted = 0
    var duplicates = 0
    for record in log {
        switch record {
        case .events(let batch):
            for row in 0..<batch.count {
                accepted += 1
                let reading = NaiveReading(
                    key: batch.series.keys[Int(batch.seriesIndex[row])],
                    time: batch.times[row],
                    value: batch.values[row],
                    offset: offset + Int64(row)
                )
                if recent[reading.key, default: []].contains(reading.time) {
                    duplicates += 1
                    continue
                }
                let times = recent[reading.key, default: []] + [reading.time]
                recent[reading.key] = Array(times.suffix(8))
                for index in windows.indices { windows[index].insert(reading) }
            }
            offset += Int64(batch.count)
        case .idle(let until):
            for index in windows.indices { windows[index].close(through: until.microseconds) }
            offset += 1
        case .complete:
            for index in windows.indices { windows[index].close(through: Int64.max) }
            offset += 1
        }
    }
    return (accepted, duplicates)
}
