internal import CBytes
internal import Core

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// How the series of an event is told by a text of the input.
enum SeriesNaming {
    /// The text is its device and its sensor.
    case names
    /// The text is a line's measurement and tags, and a field's key.
    case line(LineNaming)
}

/// Where decoders put the events of one input, in order.
///
/// Events wait in a short queue until the memory that tells their series has been asked for:
/// with many series that memory is far away, and waiting for one at a time is what costs most.
struct EventSink: ~Copyable {
    var events: DecodedEvents
    /// Where the text of accepted readings stands in the input; nil when nobody asks.
    var texts: ReadingTexts?
    /// Which message of a batch the input is.
    var messageIndex: Int?
    /// Tells the series of texts that are not names as they stand.
    var naming: SeriesNaming

    /// What texts of series are hashed with.
    let secret = SeriesCache.secret
    private(set) var base: UnsafePointer<UInt8>
    private(set) var end: Int
    private let limits: Limits
    private let eventCount: Int
    private var cache: SeriesCache
    private let memory: TextMemory?
    /// What the process knows of texts, as it was when the input began, and holds it.
    private var table: TextTable?
    /// Nil without a memory.
    private var view: TextView?
    private let numbering: SeriesNumbering?
    /// The batch's ids of series that the process knows.
    private var locals: LocalIDs
    private var queue: EventQueue
    /// What makes an event's place in `events` its place in the input.
    private(set) var indexShift: Int
    /// Bytes of the whole input before this one.
    private var byteShift: Int
    /// Where the lines were last counted to, and the line there.
    private var countedTo = 0
    private var countedLine: Int

    /// Makes a sink for about so many events; a memory must be of the same naming.
    init(
        _ input: UnsafeBufferPointer<UInt8>,
        base: UnsafePointer<UInt8>,
        limits: Limits,
        naming: SeriesNaming = .names,
        memory: TextMemory? = nil,
        eventCount: Int
    ) {
        events = DecodedEvents()
        self.eventCount = eventCount
        self.base = base
        end = input.count
        self.limits = limits
        self.naming = naming
        self.memory = memory
        numbering = memory?.numbers.numbering
        table = memory?.table
        view = table?.view
        // With a memory the cache is for the few series that are new.
        cache = SeriesCache(eventCount: memory == nil ? eventCount : 0)
        locals = LocalIDs(seriesCount: memory == nil ? 0 : eventCount)
        queue = EventQueue()
        indexShift = 0
        byteShift = 0
        countedLine = 1
    }

    /// Goes on with the events of others, maybe at a later place of a longer input.
    mutating func resume(
        _ others: inout DecodedEvents,
        index: Int = 0,
        line: Int = 1,
        byte: Int = 0,
        messageIndex: Int? = nil
    ) {
        swap(&events, &others)
        if events.batch.isEmpty {
            events.batch.reserveCapacity(eventCount)
            // A short body mostly has a series an event, a long one many events a series.
            let seriesCount = min(eventCount, 1024)
            if view == nil {
                events.batch.series.reserveCapacity(seriesCount, nameByteCount: seriesCount * 24)
            } else {
                events.batch.series.reserveNumbered(seriesCount, nameByteCount: seriesCount * 24)
            }
        }
        // The ids of series that are there already are not known.
        if !events.batch.series.isEmpty { view = nil }
        indexShift = index &- events.eventCount
        countedLine = line
        byteShift = byte
        self.messageIndex = messageIndex
    }

    /// Goes on with another input, whose events come after those there are.
    mutating func restart(_ input: UnsafeBufferPointer<UInt8>, base: UnsafePointer<UInt8>) {
        flush()
        self.base = base
        end = input.count
        indexShift = -events.eventCount
        countedTo = 0
        countedLine = 1
    }

    /// The events so far; the next ones belong to another batch.
    mutating func take() -> DecodedEvents {
        flush()
        cache.removeAll()
        locals.removeAll()
        table = memory?.table
        view = table?.view
        var taken = DecodedEvents()
        swap(&taken, &events)
        indexShift = 0
        return taken
    }

    /// The place in the input of the next event.
    @inline(__always)
    var nextIndex: Int { events.eventCount &+ queue.count &+ indexShift }

    /// - Throws: ``FleetError`` `.invalidArgument` when a batch may not have so many events.
    @inline(__always)
    func checkCount() throws {
        if nextIndex > limits.batchEventCountMax { throw tooManyEvents(limits) }
    }

    /// Adds an event whose series is told by two texts of the input.
    ///
    /// - Range: 16 bytes beyond the texts can be read until the sink is flushed.
    @inline(__always)
    mutating func add(_ series: SeriesText, _ time: Int64, _ value: Double, row: Range<Int>) {
        prefetch(series)
        queue.append(series, time, value, row)
        if queue.isFull { flush() }
    }

    /// Begins a row of several events: what ends it before its time is known can take it back.
    ///
    /// - Returns: what ``commit(_:from:row:)`` and ``drop(from:)`` want.
    @inline(__always)
    mutating func beginRow() -> Int {
        if queue.count > EventQueue.capacity &- Self.rowEventCountMax { flush() }
        return queue.count
    }

    /// Events that a row may hold before it is committed.
    static let rowEventCountMax = 16

    /// Holds an event of a row that was begun.
    @inline(__always)
    mutating func hold(_ series: SeriesText, _ value: Double) {
        prefetch(series)
        queue.append(series, 0, value, 0..<0)
    }

    @inline(__always)
    private func prefetch(_ series: SeriesText) {
        if let view { view.prefetch(series) } else { cache.prefetch(series) }
    }

    /// Adds the events held.
    @inline(__always)
    mutating func commit(_ time: Int64, from mark: Int, row: Range<Int>) {
        queue.set(time, row, from: mark)
    }

    /// Takes the events held back.
    mutating func drop(from mark: Int) { queue.cut(to: mark) }

    /// Adds an event at once, whose names may stand anywhere.
    @inline(__always)
    mutating func add(
        device: NameBytes,
        sensor: NameBytes,
        _ time: Int64,
        _ value: Double,
        row: Range<Int>
    ) {
        flush()
        guard SeriesKey.isAllowed(device.raw), SeriesKey.isAllowed(sensor.raw) else {
            if texts != nil { forgetText(at: events.batch.count) }
            let isDevice = !SeriesKey.isAllowed(device.raw)
            return reject(.badName, value: isDevice ? device.raw : sensor.raw, row: row)
        }
        events.batch.append(series: id(device, sensor), time: time, value: value)
    }

    /// Notes where the time and the value of the event that is added next stand.
    mutating func note(time: Range<Int>, value: Range<Int>, row: Int) {
        let line = line(at: row)
        texts?.times.append((byteShift + time.lowerBound)..<(byteShift + time.upperBound))
        texts?.values.append((byteShift + value.lowerBound)..<(byteShift + value.upperBound))
        texts?.lines.append(line)
    }

    /// Rejects an event because of a part of it.
    mutating func reject(_ reason: RejectReason, _ value: Range<Int>, row: Range<Int>) {
        reject(
            reason,
            value: UnsafeRawBufferPointer(start: base + value.lowerBound, count: value.count),
            row: row
        )
    }

    /// Rejects an event because of some bytes.
    mutating func reject(
        _ reason: RejectReason,
        value: UnsafeRawBufferPointer,
        row: Range<Int>
    ) {
        flush()
        var count = row.count
        while count > 0, base[row.lowerBound + count - 1] <= 0x20 { count -= 1 }
        let isListed = events.rejected.count < limits.rejectedListCountMax
        let line = isListed ? line(at: row.lowerBound) : 0
        events.reject(
            reason,
            index: events.eventCount &+ indexShift,
            line: line,
            value: value,
            event: UnsafeRawBufferPointer(start: base + row.lowerBound, count: count),
            listCountMax: limits.rejectedListCountMax,
            messageIndex: messageIndex
        )
    }

    /// The line of a position; positions must not go back by more than a row.
    mutating func line(at position: Int) -> Int {
        if position < countedTo {
            for index in position..<countedTo where base[index] == 0x0A { countedLine &-= 1 }
            countedTo = position
        }
        while countedTo < min(position, end),
            let found = memchr(base + countedTo, 0x0A, min(position, end) &- countedTo)
        {
            countedLine &+= 1
            countedTo = UnsafeRawPointer(found) - UnsafeRawPointer(base) &+ 1
        }
        countedTo = max(countedTo, min(position, end))
        return countedLine
    }

    /// Gives the waiting events their series and adds them.
    @inline(__always)
    mutating func flush() {
        if queue.count > 0 { flushQueue() }
    }
}

extension EventSink {
    private mutating func flushQueue() {
        let count = queue.count
        queue.clear()
        findCandidates(count)
        var start = 0
        var malformed = 0..<0
        for index in 0..<count {
            let text = queue.series[index]
            if let id = knownID(queue.candidates[index], text) ?? newID(text) {
                queue.ids[index] = id
            } else {
                append(start..<index)
                // A row that is malformed is one event, however many fields it has.
                let isNew = queue.rows[index] != malformed
                if isNew, rejectName(index) { malformed = queue.rows[index] }
                start = index &+ 1
            }
        }
        append(start..<count)
    }

    /// Begins to load what tells the series of the waiting events.
    private mutating func findCandidates(_ count: Int) {
        if let view {
            for index in 0..<count {
                let record = view.candidate(queue.series[index])
                queue.candidates[index] = Int(bitPattern: record?.start)
            }
        } else {
            for index in 0..<count {
                queue.candidates[index] = cache.candidate(queue.series[index])
            }
        }
    }

    /// The id of a text whose candidate is right; nil when it is not.
    @inline(__always)
    private mutating func knownID(_ candidate: Int, _ text: SeriesText) -> UInt32? {
        guard view != nil else {
            return candidate >= 0 ? cache.id(candidate, text) : nil
        }
        guard let start = UnsafeRawPointer(bitPattern: candidate) else { return nil }
        let record = TextRecord(start: start)
        guard record.isOf(text) else { return nil }
        return locals.id(of: record.number) ?? addLocal(record)
    }

    /// The id of a series that is named as names are.
    private mutating func id(_ device: NameBytes, _ sensor: NameBytes) -> UInt32 {
        if view != nil, let memory,
            let number = memory.numbers.number(device: device.raw, sensor: sensor.raw)
        {
            return locals.id(of: number)
                ?? addLocal(number, device.raw, sensor.raw, memory.numbers.numbering)
        }
        return events.batch.series.insert(device: device.raw, sensor: sensor.raw)
    }

    /// Adds a series that the process knows to the batch.
    private mutating func addLocal(
        _ number: SeriesNumber,
        _ device: UnsafeRawBufferPointer,
        _ sensor: UnsafeRawBufferPointer,
        _ numbering: SeriesNumbering
    ) -> UInt32 {
        let id: UInt32
        if events.batch.series.hasUnnumbered {
            // It may be here already, from when the process did not know it.
            id = events.batch.series.insert(device: device, sensor: sensor)
            events.batch.series.setNumber(number, of: id, by: numbering)
        } else {
            id = events.batch.series.append(
                number,
                device: device,
                sensor: sensor,
                by: numbering
            )
        }
        locals.insert(number, id)
        return id
    }

    private mutating func addLocal(_ record: TextRecord) -> UInt32? {
        numbering.map { addLocal(record.number, record.device, record.sensor, $0) }
    }

    private mutating func append(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        let start = range.lowerBound
        events.batch.seriesIndex.append(
            contentsOf: UnsafeBufferPointer(start: queue.ids + start, count: range.count)
        )
        events.batch.times.append(
            contentsOf: UnsafeBufferPointer(start: queue.times + start, count: range.count)
        )
        events.batch.values.append(
            contentsOf: UnsafeBufferPointer(start: queue.values + start, count: range.count)
        )
    }

    /// The id of a text that is not known; nil when it has no allowed names.
    private mutating func newID(_ text: SeriesText) -> UInt32? {
        // An event before it in the queue may have brought it.
        let candidate = cache.candidate(text)
        if candidate >= 0, let id = cache.id(candidate, text) { return id }
        guard let (device, sensor) = names(of: text) else { return nil }
        if view != nil, let memory,
            let number = memory.numbers.number(device: device.raw, sensor: sensor.raw)
        {
            memory.insert(text, number, device: device, sensor: sensor)
            return locals.id(of: number)
                ?? addLocal(number, device.raw, sensor.raw, memory.numbers.numbering)
        }
        let id = events.batch.series.insert(device: device.raw, sensor: sensor.raw)
        cache.insert(text, id: id)
        return id
    }

    /// The names that a text stands for, which stay readable until the next call.
    private func names(of text: SeriesText) -> (device: NameBytes, sensor: NameBytes)? {
        switch naming {
        case .names:
            guard isAllowedPadded(text.firstName), isAllowedPadded(text.secondName) else {
                return nil
            }
            return (text.firstName, text.secondName)
        case .line(let naming):
            guard
                case .names(let device, let sensor) =
                    naming.findPadded(text.firstName, text.secondName)
            else { return nil }
            return (device, sensor)
        }
    }

    /// Rejects a waiting event, all before which are added; whether its row is malformed.
    private mutating func rejectName(_ index: Int) -> Bool {
        let text = queue.series[index]
        let row = queue.rows[index]
        if texts != nil { forgetText(at: events.batch.count) }
        let bad =
            SeriesKey.isAllowed(text.firstName.raw) ? text.secondName.raw : text.firstName.raw
        switch naming {
        case .names: reject(.badName, value: bad, row: row)
        case .line(let names):
            guard case .bad(let reason, let part) = names.find(text.firstName, text.secondName)
            else { return false }
            reject(reason, value: part.raw, row: row)
            return reason == .malformed
        }
        return false
    }

    private mutating func forgetText(at index: Int) {
        guard let count = texts?.times.count, index < count else { return }
        texts?.times.remove(at: index)
        texts?.values.remove(at: index)
        texts?.lines.remove(at: index)
    }
}

/// Whether bytes may be a device or sensor name; 16 bytes beyond can be read.
func isAllowedPadded(_ name: NameBytes) -> Bool {
    guard name.count > 0, name.count <= SeriesKey.partByteCountMax else { return false }
    var offset = 0
    while name.count &- offset > 16 {
        guard bytes_odd(name.start + offset) == 0 else { return SeriesKey.isAllowed(name.raw) }
        offset &+= 16
    }
    let rest = UInt32(truncatingIfNeeded: name.count &- offset)
    let odd = bytes_odd(name.start + offset) & ~(~0 << rest)
    return odd == 0 || SeriesKey.isAllowed(name.raw)
}
