package import Core

// Reading windows, making them again, and forgetting them.
extension MemoryWindowStore {
    package func windowSequence() throws -> Int64 {
        try checkOpen()
        return sequence
    }

    package func windows(
        definition: String,
        interval: TimeInterval,
        throughSequence: Int64,
        after: SeriesKey?,
        limit: Int
    ) throws -> WindowBatch {
        try checkOpen()
        if limit <= 0 { return WindowBatch() }
        var rows: [(key: SeriesKey, window: MemoryWindow)] = []
        let table = windowTable[definition] ?? [:]
        for key in table.keys.sorted() where after.map({ $0 < key }) ?? true {
            let windows = (table[key] ?? []).filter {
                interval.holds(end: $0.end)
                    && ($0.sequence <= throughSequence || $0.revision > 0)
            }
            if windows.isEmpty { continue }
            if !rows.isEmpty, rows.count + windows.count > limit { break }
            rows += windows.map { (key, $0) }
        }
        return rows.batch
    }

    package func windows(
        definition: String,
        key: SeriesKey,
        from: Timestamp,
        to: Timestamp,
        limit: Int
    ) throws -> WindowBatch {
        try checkOpen()
        let windows = (windowTable[definition]?[key] ?? []).filter {
            $0.end >= from.microseconds && $0.end <= to.microseconds
        }
        return windows.prefix(Swift.max(0, limit)).map { (key, $0) }.batch
    }

    package func windowEnds(definition: String, afterSequence: Int64) throws -> [Int64] {
        try checkOpen()
        return (endTable[definition] ?? [:]).filter { $0.value > afterSequence }.keys.sorted()
    }

    package func touchedSeries(
        definition: String,
        interval: TimeInterval,
        afterSequence: Int64
    ) throws -> [SeriesKey] {
        try checkOpen()
        return (windowTable[definition] ?? [:]).filter { _, windows in
            windows.contains { interval.holds(end: $0.end) && $0.sequence > afterSequence }
        }.keys.sorted()
    }

    package func windowCount(definition: String) throws -> Int {
        try checkOpen()
        return (windowTable[definition] ?? [:]).values.reduce(0) { $0 + $1.count }
    }

    package func replaceWindows(
        definition: String,
        interval: TimeInterval,
        windows: WindowBatch,
        at now: Timestamp
    ) throws -> RebuildOutcome {
        try checkOpen()
        for end in windows.ends where !interval.holds(end: end) {
            throw StoreErrors.outsideInterval(end, interval)
        }
        var wanted: [SeriesKey: [Int64: MemoryWindow]] = [:]
        for row in 0..<windows.count {
            let window = MemoryWindow(windows, at: row, sequence: sequence + 1)
            let known = wanted[windows.key(at: row)]?[window.end]
            if let known, known.revision >= window.revision { continue }
            wanted[windows.key(at: row), default: [:]][window.end] = window
        }
        var outcome = RebuildOutcome()
        let table = windowTable[definition] ?? [:]
        for key in Set(table.keys).union(wanted.keys) {
            if firstSeen[key] == nil { firstSeen[key] = now }
            var list = (table[key] ?? []).filter { !interval.holds(end: $0.end) }
            var missing = wanted[key] ?? [:]
            for old in table[key] ?? [] where interval.holds(end: old.end) {
                guard var new = missing.removeValue(forKey: old.end) else {
                    outcome.removed += 1
                    endTable[definition]?[old.end] = sequence + 1
                    continue
                }
                if new.hasValues(of: old) {
                    outcome.unchanged += 1
                    list.append(old)
                } else {
                    outcome.changed += 1
                    new.revision = old.revision + 1
                    list.append(new)
                    endTable[definition]?[old.end] = sequence + 1
                }
            }
            for var new in missing.values {
                outcome.added += 1
                new.revision = 0
                list.append(new)
                endTable[definition, default: [:]][new.end] = sequence + 1
            }
            windowTable[definition, default: [:]][key] = list.sorted { $0.end < $1.end }
        }
        if outcome.changed + outcome.added + outcome.removed > 0 { sequence += 1 }
        return outcome
    }

    package func pruneWindows(
        definition: String,
        before: Timestamp,
        rowCountMax: Int
    ) throws -> Int {
        try checkOpen()
        var deleted = 0
        let ends = (endTable[definition] ?? [:]).keys.filter { $0 < before.microseconds }.sorted()
        for end in ends where deleted < rowCountMax {
            let keys = (windowTable[definition] ?? [:]).filter { _, windows in
                windows.contains { $0.end == end }
            }.keys
            let some = keys.prefix(rowCountMax - deleted)
            for key in some { windowTable[definition]?[key]?.removeAll { $0.end == end } }
            deleted += some.count
            if some.count == keys.count { endTable[definition]?[end] = nil }
        }
        return deleted
    }
}

extension TimeInterval {
    /// Whether an interval of window ends holds this end: its start is outside, its end inside.
    fileprivate func holds(end: Int64) -> Bool {
        end > start.microseconds && end <= self.end.microseconds
    }
}
