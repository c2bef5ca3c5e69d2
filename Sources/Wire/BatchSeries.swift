internal import CBytes
internal import Core

/// How the series of an event is told by a text of the input.
enum SeriesNaming {
    /// The text is its device and its sensor.
    case names
    /// The text is a line's measurement and tags, and a field's key.
    case line(LineNaming)
}

/// Tells the series of a batch's events by texts of the input.
///
/// With a memory most texts are known from bodies before: they have a record, and the series a
/// number. What it does not know is named, and remembered for this batch.
struct BatchSeries: ~Copyable {
    private let naming: SeriesNaming
    private var cache: SeriesCache
    private let memory: TextMemory?
    /// Whose numbers the memory knows; nil without one.
    let numbering: SeriesNumbers?
    /// What the process knows of texts, as it was when the batch began, and holds it.
    private var table: TextTable?
    /// Nil where only this batch counts.
    private var view: TextView?
    /// The batch's ids of series that the process knows.
    private var locals: LocalIDs

    /// Prepares for about so many events; a memory must be of the same naming.
    init(_ naming: SeriesNaming, memory: TextMemory?, eventCount: Int) {
        self.naming = naming
        self.memory = memory
        numbering = memory?.numbers
        table = memory?.table
        view = table?.view
        // With a memory the cache is for the few series that are new.
        cache = SeriesCache(eventCount: memory == nil ? eventCount : 0)
        locals = LocalIDs(seriesCount: memory == nil ? 0 : eventCount)
    }

    /// Goes on with the series of a batch.
    mutating func resume(_ series: inout SeriesDictionary, eventCount: Int) {
        guard series.isEmpty else {
            // Which of the process's series have ids already is not known.
            view = nil
            return
        }
        // A short body mostly has a series an event, a long one many events a series.
        let count = min(eventCount, 1024)
        if view == nil {
            series.reserveCapacity(count, nameByteCount: count * 24)
        } else {
            series.reserveNumbered(count, nameByteCount: count * 24)
        }
    }

    /// Learns which series of the process a batch has, which were added by number only.
    mutating func learn(_ series: SeriesDictionary) {
        locals.removeAll()
        for id in 0..<UInt32(series.count) {
            if let number = series.number(of: id) { locals.insert(number, id) }
        }
    }

    /// Forgets the batch, for another one.
    mutating func removeAll() {
        cache.removeAll()
        locals.removeAll()
        table = memory?.table
        view = table?.view
    }

    /// Begins to load what the next look-up of a text reads.
    @inline(__always)
    func prefetch(_ text: SeriesText) {
        if let view { view.prefetch(text) } else { cache.prefetch(text) }
    }

    /// Where the series of a text may be told, which begins to load; for ``id(_:_:in:)``.
    @inline(__always)
    func candidate(_ text: SeriesText) -> Int {
        guard let view else { return cache.candidate(text) }
        return Int(bitPattern: view.candidate(text)?.start)
    }

    /// The id of the series of a text, added when new; nil when the text has no allowed names.
    @inline(__always)
    mutating func id(
        _ candidate: Int,
        _ text: SeriesText,
        in series: inout SeriesDictionary
    ) -> UInt32? {
        if view == nil {
            if candidate >= 0, let id = cache.id(candidate, text) { return id }
        } else if let start = UnsafeRawPointer(bitPattern: candidate) {
            let record = TextRecord(start: start)
            if record.isOf(text) {
                return locals.id(of: record.number)
                    ?? add(record.number, record.device, record.sensor, to: &series)
            }
        }
        return newID(text, in: &series)
    }

    /// What the process calls the series of a text.
    enum Number {
        case known(SeriesNumber)
        /// The series is new, and one too many.
        case none
        /// The text has no allowed names.
        case notAllowed
    }

    /// What the process calls the series of a text; for a batch that has no names yet.
    @inline(__always)
    func number(_ candidate: Int, _ text: SeriesText) -> Number {
        if let start = UnsafeRawPointer(bitPattern: candidate) {
            let record = TextRecord(start: start)
            if record.isOf(text) { return .known(record.number) }
        }
        return newNumber(text)
    }

    @inline(never)
    private func newNumber(_ text: SeriesText) -> Number {
        guard let (device, sensor) = names(of: text) else { return .notAllowed }
        guard let number = assign(device, sensor) else { return .none }
        memory?.insert(text, number, device: device, sensor: sensor)
        return .known(number)
    }

    /// The id of the series with two allowed names, added when new.
    mutating func id(
        _ device: NameBytes,
        _ sensor: NameBytes,
        in series: inout SeriesDictionary
    ) -> UInt32 {
        guard let number = number(device, sensor) else {
            return series.insert(device: device.raw, sensor: sensor.raw)
        }
        return locals.id(of: number) ?? add(number, device.raw, sensor.raw, to: &series)
    }

    /// Why a text has no allowed names, and because of what; nil when it has.
    func problem(of text: SeriesText) -> (RejectReason, NameBytes)? {
        switch naming {
        case .names:
            let isFirst = !SeriesKey.isAllowed(text.firstName.raw)
            return (.badName, isFirst ? text.firstName : text.secondName)
        case .line(let naming):
            guard case .bad(let reason, let part) = naming.find(text.firstName, text.secondName)
            else { return nil }
            return (reason, part)
        }
    }
}

extension BatchSeries {
    /// The id of a text that is not known; nil when it has no allowed names.
    private mutating func newID(_ text: SeriesText, in series: inout SeriesDictionary) -> UInt32? {
        // An event just before it may have brought it.
        let candidate = cache.candidate(text)
        if candidate >= 0, let id = cache.id(candidate, text) { return id }
        guard let (device, sensor) = names(of: text) else { return nil }
        if let number = number(device, sensor) {
            memory?.insert(text, number, device: device, sensor: sensor)
            return locals.id(of: number) ?? add(number, device.raw, sensor.raw, to: &series)
        }
        let id = series.insert(device: device.raw, sensor: sensor.raw)
        cache.insert(text, id: id)
        return id
    }

    /// What the process calls a series, from now on where it is new; nil when that is too many.
    func assign(_ device: NameBytes, _ sensor: NameBytes) -> SeriesNumber? {
        memory?.numbers.assign(device: device.raw, sensor: sensor.raw)
    }

    /// What the process calls a series; nil when it does not know it, or has no say here.
    private func number(_ device: NameBytes, _ sensor: NameBytes) -> SeriesNumber? {
        guard view != nil else { return nil }
        return memory?.numbers.number(device: device.raw, sensor: sensor.raw)
    }

    /// Adds a series that the process knows to the batch.
    private mutating func add(
        _ number: SeriesNumber,
        _ device: UnsafeRawBufferPointer,
        _ sensor: UnsafeRawBufferPointer,
        to series: inout SeriesDictionary
    ) -> UInt32 {
        guard let numbering, !series.mayLackNumbers else {
            // It may be here already, from when the process did not know it.
            let id = series.insert(device: device, sensor: sensor)
            if let numbering { series.setNumber(number, of: id, by: numbering) }
            locals.insert(number, id)
            return id
        }
        let id = series.append(number, device: device, sensor: sensor, by: numbering)
        locals.insert(number, id)
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
            let found = naming.findPadded(text.firstName, text.secondName)
            guard case .names(let device, let sensor) = found else { return nil }
            return (device, sensor)
        }
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
