internal import CBytes
internal import Core

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

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

    /// What texts of series are hashed with.
    let secret = SeriesCache.secret
    private(set) var base: UnsafePointer<UInt8>
    private(set) var end: Int
    private let limits: Limits
    private let eventCount: Int
    private var series: BatchSeries
    private var queue: EventQueue
    /// Whether the last event was of a batch without names.
    private var wasNumbered = false
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
        series = BatchSeries(naming, memory: memory, eventCount: eventCount)
        queue = EventQueue()
        indexShift = 0
        byteShift = 0
        countedLine = 1
        begin()
    }

    /// Has a batch without events begin with series that the process knows.
    private mutating func begin() {
        guard events.acceptedCount == 0, events.named.series.isEmpty else { return }
        events.numbered = series.numbering.map { NumberedEvents(by: $0) }
        wasNumbered = events.numbered != nil
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
        if series.numbering == nil { events.name() }
        begin()
        if events.acceptedCount == 0 {
            events.numbered?.reserveCapacity(eventCount)
            if events.numbered == nil { events.named.reserveCapacity(eventCount) }
        }
        wasNumbered = events.numbered != nil
        if wasNumbered {
            series.removeAll()
        } else {
            series.resume(&events.named.series, eventCount: eventCount)
        }
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
        series.removeAll()
        var taken = DecodedEvents()
        swap(&taken, &events)
        indexShift = 0
        begin()
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
    mutating func add(_ text: SeriesText, _ time: Int64, _ value: Double, row: Range<Int>) {
        series.prefetch(text)
        queue.append(text, time, value, row)
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
    mutating func hold(_ text: SeriesText, _ value: Double) {
        series.prefetch(text)
        queue.append(text, 0, value, 0..<0)
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
            if texts != nil { forgetText(at: events.acceptedCount) }
            let isDevice = !SeriesKey.isAllowed(device.raw)
            return reject(.badName, value: isDevice ? device.raw : sensor.raw, row: row)
        }
        if events.numbered != nil {
            if let number = series.assign(device, sensor) {
                events.numbered?.append(number, time: time, value: value)
                return
            }
        }
        if wasNumbered { name() }
        let id = series.id(device, sensor, in: &events.named.series)
        events.named.append(series: id, time: time, value: value)
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
        // Begins to load what tells the series of all of them.
        for index in 0..<count {
            queue.candidates[index] = series.candidate(queue.series[index])
        }
        var malformed = 0..<0
        var first = 0
        if events.numbered != nil {
            first = flushNumbered(count, &malformed)
            if first == count { return }
        }
        if wasNumbered { name() }
        var start = first
        for index in first..<count {
            let text = queue.series[index]
            let candidate = queue.candidates[index]
            if let id = series.id(candidate, text, in: &events.named.series) {
                queue.ids[index] = id
            } else {
                append(start..<index)
                reject(index, &malformed)
                start = index &+ 1
            }
        }
        append(start..<count)
    }

    /// Adds the waiting events up to the first one whose series has no number.
    ///
    /// - Returns: the index of that one; their count when there is none.
    private mutating func flushNumbered(_ count: Int, _ malformed: inout Range<Int>) -> Int {
        var start = 0
        for index in 0..<count {
            switch series.number(queue.candidates[index], queue.series[index]) {
            case .known(let number):
                queue.numbers[index] = number
            case .none:
                appendNumbered(start..<index)
                return index
            case .notAllowed:
                appendNumbered(start..<index)
                reject(index, &malformed)
                start = index &+ 1
            }
        }
        appendNumbered(start..<count)
        return count
    }

    /// Goes on by name: the series of the next event has no number, or somebody else added some.
    private mutating func name() {
        events.name()
        series.learn(events.named.series)
        wasNumbered = false
    }

    private mutating func appendNumbered(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        let start = range.lowerBound
        events.numbered?.append(
            numbers: UnsafeBufferPointer(start: queue.numbers + start, count: range.count),
            times: UnsafeBufferPointer(start: queue.times + start, count: range.count),
            values: UnsafeBufferPointer(start: queue.values + start, count: range.count)
        )
    }

    private mutating func append(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        let start = range.lowerBound
        events.named.seriesIndex.append(
            contentsOf: UnsafeBufferPointer(start: queue.ids + start, count: range.count)
        )
        events.named.times.append(
            contentsOf: UnsafeBufferPointer(start: queue.times + start, count: range.count)
        )
        events.named.values.append(
            contentsOf: UnsafeBufferPointer(start: queue.values + start, count: range.count)
        )
    }

    /// Rejects a waiting event, all before which are added.
    private mutating func reject(_ index: Int, _ malformed: inout Range<Int>) {
        // A row that is malformed is one event, however many fields it has.
        let isNew = queue.rows[index] != malformed
        if isNew, rejectName(index) { malformed = queue.rows[index] }
    }

    /// Rejects a waiting event, all before which are added; whether its row is malformed.
    private mutating func rejectName(_ index: Int) -> Bool {
        if texts != nil { forgetText(at: events.acceptedCount) }
        guard let (reason, part) = series.problem(of: queue.series[index]) else { return false }
        reject(reason, value: part.raw, row: queue.rows[index])
        return reason == .malformed
    }

    private mutating func forgetText(at index: Int) {
        guard let count = texts?.times.count, index < count else { return }
        texts?.times.remove(at: index)
        texts?.values.remove(at: index)
        texts?.lines.remove(at: index)
    }
}
