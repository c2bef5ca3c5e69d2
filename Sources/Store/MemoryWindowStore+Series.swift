package import Core

// Series, and when they were last heard of.
extension MemoryWindowStore {
    package func series(after: SeriesKey?, limit: Int) throws -> [SeriesInfo] {
        try checkOpen()
        let keys = firstSeen.keys.filter { key in after.map { $0 < key } ?? true }.sorted()
        return keys.prefix(Swift.max(0, limit)).map { key in
            SeriesInfo(
                key: key,
                firstSeenAt: firstSeen[key] ?? .distantPast,
                lastWindowEnd: windowTable.values.compactMap { $0[key]?.last?.end }.max()
                    .map(Timestamp.init(microseconds:)),
                lastEventAt: lastEvents[key].map(Timestamp.init(microseconds:))
            )
        }
    }

    package func seriesCount() throws -> Int {
        try checkOpen()
        return firstSeen.count
    }

    package func noteSeen(_ seen: SeenTimes, at now: Timestamp) throws {
        try checkOpen()
        note(seen, at: now)
    }

    func note(_ seen: SeenTimes, at now: Timestamp) {
        for (id, time) in zip(seen.ids, seen.times) {
            let key = seen.series.keys[Int(id)]
            if firstSeen[key] == nil { firstSeen[key] = now }
            lastEvents[key] = Swift.max(lastEvents[key] ?? .min, time)
        }
    }

    package func silentSeries(before: Timestamp, limit: Int) throws -> [SilentSeries] {
        try checkOpen()
        let silent = lastEvents.filter { $0.value < before.microseconds }
        return silent.keys.sorted().prefix(Swift.max(0, limit)).map { key in
            SilentSeries(
                key: key,
                lastEventAt: Timestamp(microseconds: silent[key] ?? 0)
            )
        }
    }
}

// Dead letters.
extension MemoryWindowStore {
    package func addDeadLetters(
        _ letters: [DeadLetter],
        counts: [EventCount]?,
        batch: String?
    ) throws {
        try checkOpen()
        if let batch, !self.letters.isNew(batch: batch) { return }
        self.letters.add(letters, counts: counts ?? EventCount.of(letters))
    }

    package func deadLetters(
        _ filter: DeadLetterFilter,
        before: Int64?,
        limit: Int
    ) throws -> [StoredDeadLetter] {
        try checkOpen()
        let found = letters.kept.reversed().lazy.filter {
            $0.number < before ?? .max && filter.matches($0.letter)
        }
        return Array(found.prefix(Swift.max(0, limit)))
    }

    package func deadLetter(number: Int64) throws -> StoredDeadLetter? {
        try checkOpen()
        return letters.kept.first { $0.number == number }
    }

    package func deadLetters(partition: Int, offset: Int64) throws -> [StoredDeadLetter] {
        try checkOpen()
        return letters.kept.filter {
            $0.letter.partition == partition && $0.letter.offset == offset
        }
    }

    package func markReplayed(_ numbers: [Int64], at now: Timestamp) throws {
        try checkOpen()
        letters.markReplayed(Set(numbers), at: now)
    }

    package func eventCounts() throws -> [EventCount] {
        try checkOpen()
        return letters.totals
    }
}

// The registry.
extension MemoryWindowStore {
    package func setRegistry(_ entries: [RegistryEntry]) throws {
        try checkOpen()
        for entry in entries { try entry.check() }
        for entry in entries { registryTable[entry.key] = entry }
    }

    package func registry(after: SeriesKey?, limit: Int) throws -> [RegistryEntry] {
        try checkOpen()
        let keys = registryTable.keys.filter { key in after.map { $0 < key } ?? true }.sorted()
        return keys.prefix(Swift.max(0, limit)).compactMap { registryTable[$0] }
    }

    package func removeRegistry(_ keys: [SeriesKey]) throws -> Int {
        try checkOpen()
        return keys.count { registryTable.removeValue(forKey: $0) != nil }
    }

    package func settings(of key: SeriesKey) throws -> RegistryEntry? {
        try checkOpen()
        let device = registryTable[SeriesKey(uncheckedDevice: key.device, sensor: "")]
        if key.isDevice { return device }
        return registryTable[key]?.over(device) ?? device?.of(key)
    }

    package func expectedIntervals(for keys: [SeriesKey]) throws -> [Duration?] {
        try keys.map { try settings(of: $0)?.expectedInterval }
    }
}
