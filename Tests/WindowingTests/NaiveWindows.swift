import Core

@testable import Windowing

/// One record of a generated log.
enum NaiveRecord {
    case events(EventBatch)
    case idle(Timestamp)
    case complete
}

/// One reading kept for the recomputation.
struct NaiveReading: Equatable {
    let key: SeriesKey
    var time: Int64
    let value: Double
    let offset: Int64
}

/// A window, or a session, with all its readings.
struct NaiveWindow {
    let key: SeriesKey
    var start: Int64
    var end: Int64
    var readings: [NaiveReading] = []
    var isClosed = false
    var emissions: Int32 = 0
    var isDirty = false

    var first: Int64 { readings.map(\.time).min() ?? start }
    var last: Int64 { readings.map(\.time).max() ?? start }
}

/// The rules of windowing written as plainly as possible: every reading kept, everything scanned.
struct NaiveWindows {
    let definition: WindowDefinition
    let accepts: (Double) -> Bool
    var windows: [NaiveWindow] = []
    var rows: [NaiveRow] = []
    var late: [NaiveReading] = []
    var windowed = 0
    var filtered = 0
    var adjusted = 0
    var corrected = 0
    var newest: [String: Int64] = [:]
    var closedThrough: [String: Int64] = [:]

    init(_ definition: WindowDefinition, accepts: @escaping (Double) -> Bool) {
        self.definition = definition
        self.accepts = accepts
    }

    mutating func insert(_ reading: NaiveReading) {
        let mark = mark(of: reading.key)
        if !accepts(reading.value) {
            filtered += 1
        } else if add(reading, mark) {
            windowed += 1
        } else if definition.latePolicy == .adjust {
            var moved = reading
            moved.time = mark
            adjusted += add(moved, mark) ? 1 : 0
        } else if definition.latePolicy == .correct, correct(reading, mark) {
            corrected += 1
        } else {
            late.append(reading)
        }
        let scope = scope(of: reading.key)
        let isNewer = newest[scope].map { reading.time > $0 } ?? true
        newest[scope] = max(newest[scope] ?? reading.time, reading.time)
        let raised = self.mark(of: reading.key)
        close(
            windows.indices.filter {
                windows[$0].end <= raised && self.scope(of: windows[$0].key) == scope
            }
        )
        // A hopping window goes out before its panes take what does not count for it.
        if case .hopping = definition.kind, isNewer,
            windows.contains(where: { $0.isDirty && !canCorrect($0.end, raised) })
        {
            sendCorrections()
        }
    }

    mutating func close(through mark: Int64) {
        close(windows.indices.filter { windows[$0].end <= mark })
    }

    /// What the end of a call does: corrections go out, what is too old is forgotten.
    mutating func finish() {
        sendCorrections()
        let correctFor =
            definition.latePolicy == .correct ? definition.correctFor.microseconds : 0
        windows = windows.filter { !$0.isClosed || $0.end + correctFor > mark(of: $0.key) }
    }

    private mutating func sendCorrections() {
        for index in order(windows.indices.filter { windows[$0].isDirty }) {
            windows[index].isDirty = false
            send(index)
        }
    }

    private mutating func close(_ due: [Int]) {
        for index in order(due.filter { !windows[$0].isClosed }) {
            windows[index].isClosed = true
            send(index)
            let scope = scope(of: windows[index].key)
            let end = windows[index].end
            closedThrough[scope] = max(closedThrough[scope] ?? end, end)
        }
        if definition.latePolicy != .correct { windows.removeAll(where: \.isClosed) }
    }

    private mutating func send(_ index: Int) {
        rows.append(NaiveRow(windows[index], quantiles: definition.quantiles))
        windows[index].emissions += 1
    }

    private func order(_ indices: [Int]) -> [Int] {
        indices.sorted {
            (windows[$0].end, windows[$0].key) < (windows[$1].end, windows[$1].key)
        }
    }

    private func scope(of key: SeriesKey) -> String {
        definition.watermark == .device ? key.device : ""
    }

    private func mark(of key: SeriesKey) -> Int64 {
        let scope = scope(of: key)
        let watermark = newest[scope].map { $0 - definition.allowedLateness.microseconds }
        return max(watermark ?? .min, closedThrough[scope] ?? .min)
    }

    // MARK: Aligned windows

    /// The start of every window that a time is in.
    private func starts(of time: Int64) -> [Int64] {
        let size = definition.size.microseconds
        var slide = size
        if case .hopping(let step) = definition.kind { slide = step.microseconds }
        var start = time / slide * slide
        if start > time { start -= slide }
        var starts: [Int64] = []
        while start + size > time {
            starts.append(start)
            start -= slide
        }
        return starts
    }

    private mutating func add(_ reading: NaiveReading, _ mark: Int64) -> Bool {
        if case .session(let gap, let maxSize) = definition.kind {
            return addToSession(reading, gap.microseconds, maxSize.microseconds, mark)
        }
        let size = definition.size.microseconds
        let starts = starts(of: reading.time)
        guard starts.contains(where: { $0 + size > mark }) else { return false }
        for start in starts where start + size > mark { put(reading, start, isClosed: false) }
        if definition.latePolicy == .correct {
            for start in starts where start + size <= mark && canCorrect(start + size, mark) {
                put(reading, start, isClosed: true)
            }
        }
        return true
    }

    private func canCorrect(_ end: Int64, _ mark: Int64) -> Bool {
        end + definition.correctFor.microseconds > mark
    }

    private mutating func put(_ reading: NaiveReading, _ start: Int64, isClosed: Bool) {
        var index = windows.firstIndex { $0.key == reading.key && $0.start == start }
        if index == nil {
            let end = start + definition.size.microseconds
            windows.append(NaiveWindow(key: reading.key, start: start, end: end))
            index = windows.count - 1
        }
        guard let index else { return }
        windows[index].readings.append(reading)
        windows[index].isClosed = isClosed
        windows[index].isDirty = windows[index].isDirty || isClosed
    }

    private mutating func correct(_ reading: NaiveReading, _ mark: Int64) -> Bool {
        if case .session(let gap, _) = definition.kind {
            return correctSession(reading, gap.microseconds, mark)
        }
        let size = definition.size.microseconds
        let starts = starts(of: reading.time)
        guard starts.contains(where: { canCorrect($0 + size, mark) }) else { return false }
        for start in starts where canCorrect(start + size, mark) {
            put(reading, start, isClosed: true)
        }
        return true
    }

    // MARK: Sessions

    private mutating func addToSession(
        _ reading: NaiveReading,
        _ gap: Int64,
        _ maxSize: Int64,
        _ mark: Int64
    ) -> Bool {
        let time = reading.time
        let open = windows.indices
            .filter { windows[$0].key == reading.key && !windows[$0].isClosed }
            .sorted { windows[$0].first < windows[$1].first }
        let before = open.last { windows[$0].first <= time }
        let after = open.first { windows[$0].first > time }
        if let before, time <= windows[before].last {
            windows[before].readings.append(reading)
            return true
        }
        if let before, time - windows[before].last < gap,
            time + gap - windows[before].first <= maxSize
        {
            windows[before].readings.append(reading)
            windows[before].end = time + gap
            if let after, windows[after].first - time < gap,
                windows[after].last + gap - windows[before].first <= maxSize
            {
                windows[before].readings += windows[after].readings
                windows[before].end = windows[after].last + gap
                windows.remove(at: after)
            }
            return true
        }
        if let after, windows[after].first - time < gap,
            windows[after].last + gap - time <= maxSize
        {
            windows[after].readings.append(reading)
            windows[after].start = time
            return true
        }
        guard time + gap > mark else { return false }
        var window = NaiveWindow(key: reading.key, start: time, end: time + gap)
        window.readings = [reading]
        windows.append(window)
        return true
    }

    private mutating func correctSession(
        _ reading: NaiveReading,
        _ gap: Int64,
        _ mark: Int64
    ) -> Bool {
        let time = reading.time
        let found = windows.indices
            .filter {
                windows[$0].key == reading.key && windows[$0].isClosed
                    && windows[$0].start <= time && time < windows[$0].end
                    && canCorrect(windows[$0].end, mark)
            }
            .max { (windows[$0].start, windows[$0].end) < (windows[$1].start, windows[$1].end) }
        if let found {
            windows[found].readings.append(reading)
            windows[found].isDirty = true
            return true
        }
        guard canCorrect(time + gap, mark) else { return false }
        var window = NaiveWindow(key: reading.key, start: time, end: time + gap)
        window.readings = [reading]
        window.isClosed = true
        window.isDirty = true
        windows.append(window)
        return true
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
        for index in windows.indices { windows[index].finish() }
    }
    return (accepted, duplicates)
}
