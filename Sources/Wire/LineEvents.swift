internal import CBytes
internal import Core

/// The decoding of line protocol, one input after another.
struct LineEvents: ~Copyable {
    var sink: EventSink
    /// Fields that are text, which are no readings.
    var ignoredFieldCount = 0
    private var times: TimeParser
    private let naming: LineNaming
    private let defaults: EventDefaults
    private let isPredicting: Bool
    private var scanner: LineScanner

    /// Bytes that can be read from where a part starts, before it is known how long it is.
    private static let padding = 48

    /// - Throws: ``FleetError`` `.invalidArgument` for options that cannot be.
    init(_ input: UnsafeBufferPointer<UInt8>, base: UnsafePointer<UInt8>, _ body: EventBody) throws
    {
        let defaults = try EventDefaults(body.options)
        let naming = try LineNaming(body.options, defaults)
        self.defaults = defaults
        self.naming = naming
        times = TimeParser(body.options, unit: .nanoseconds)
        isPredicting = body.path == .predicted
        sink = EventSink(
            input,
            base: base,
            limits: body.limits,
            naming: .line(naming),
            memory: body.options.namesLinesPlainly ? body.memory?.lines : nil,
            eventCount: min(input.count / 48 &+ 1, body.limits.batchEventCountMax, 1 << 20)
        )
        scanner = LineScanner(base: base, end: input.count)
        if input.starts(with: [0xEF, 0xBB, 0xBF]) { scanner.at = 3 }
    }

    /// Decodes all lines of the input.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when a batch may not have so many events.
    mutating func decode() throws {
        let padded = isPredicting ? scanner.end &- Self.padding : 0
        while scanner.at < scanner.end {
            if scanner.at < padded, let next = predictedLine(scanner.at, padded) {
                scanner.at = next
                try sink.checkCount()
                continue
            }
            if scanner.skipBlankLine() { continue }
            let start = scanner.at
            guard start < scanner.end else { break }
            if let line = scanner.line() {
                add(line, row: start..<scanner.at)
            } else {
                scanner.skipLine()
                sink.reject(.malformed, start..<scanner.at, row: start..<scanner.at)
            }
            try sink.checkCount()
        }
    }

    /// Adds the readings of a line.
    private mutating func add(_ line: Line, row: Range<Int>) {
        // What waits is named by the same naming, which keeps one answer at a time.
        sink.flush()
        let series = text(line.series)
        var count = 0
        for field in line.fields {
            if case .text = field.kind { ignoredFieldCount += 1 } else { count += 1 }
        }
        // Whether the series is well formed, whatever its fields are.
        if case .bad(.malformed, let part) = naming.find(series, text(line.fields[0].key)) {
            return sink.reject(.malformed, value: part.raw, row: row)
        }
        guard count > 0, let time = time(line, count, row) else { return }
        for field in line.fields {
            guard let value = value(field, row) else { continue }
            switch naming.find(series, text(field.key)) {
            case .names(let device, let sensor):
                sink.add(device: device, sensor: sensor, time, value, row: row)
            case .bad(let reason, let part): sink.reject(reason, value: part.raw, row: row)
            }
        }
    }

    /// The time of a line; rejects so many events when it has none that is good.
    private mutating func time(_ line: Line, _ count: Int, _ row: Range<Int>) -> Int64? {
        guard let range = line.time else {
            if let received = defaults.time { return received }
            for _ in 0..<count { sink.reject(.missingTime, row, row: row) }
            return nil
        }
        let isNumber = range.allSatisfy { scanner.base[$0] &- 0x30 < 10 }
        let text = text(range)
        let time = isNumber ? times.parse(text.start, text.count) : TimeParser.bad
        if time >= 0 { return time }
        for _ in 0..<count { sink.reject(TimeParser.reason(for: time), range, row: row) }
        return nil
    }

    /// The number a field is; nil when it is text, or rejected because it is none.
    private mutating func value(_ field: LineField, _ row: Range<Int>) -> Double? {
        let text = text(field.value)
        var outcome = NumberParser.Outcome.notANumber
        switch field.kind {
        case .text: return nil
        case .boolean(let flag): return flag ? 1 : 0
        case .bad: break
        case .float: outcome = NumberParser.parse(text.start, text.count)
        case .integer: outcome = integer(text, Int64.self)
        case .unsigned: outcome = integer(text, UInt64.self)
        }
        switch outcome {
        case .finite(let value): return value
        case .notFinite: sink.reject(.notFinite, field.value, row: row)
        case .notANumber: sink.reject(.badValue, field.value, row: row)
        }
        return nil
    }

    /// A whole number before its suffix, if its type holds it.
    private func integer<Number: FixedWidthInteger>(
        _ text: NameBytes,
        _: Number.Type
    ) -> NumberParser.Outcome {
        let digits = text.raw.dropLast()
        guard digits.count <= 40, let number = Number(String(decoding: digits, as: UTF8.self))
        else {
            return .notANumber
        }
        return .finite(Double(number))
    }

    private func text(_ range: Range<Int>) -> NameBytes {
        NameBytes(start: scanner.base + range.lowerBound, count: range.count)
    }
}

extension LineEvents {
    /// Reads a line of plain numbers whose series is taken as it is written.
    ///
    /// - Returns: where the next line starts; nil when this one has to be read closely.
    @inline(__always)
    private mutating func predictedLine(_ start: Int, _ limit: Int) -> Int? {
        let base = scanner.base
        var at = Self.find(base, start, limit) { bytes_series($0) }
        guard at > start, base[at] == 0x20, base[start] != 0x23, at < limit,
            at &- start <= SeriesText.partByteCountMax, !Self.isBlank(base[start])
        else { return nil }
        let series = NameBytes(start: base + start, count: at &- start)
        let mixed = SeriesText.mix(series, sink.secret)
        let mark = sink.beginRow()
        for _ in 0..<EventSink.rowEventCountMax {
            let key = at &+ 1
            at = Self.find(base, key, limit) { bytes_key($0) }
            let keyCount = at &- key
            guard keyCount > 0, base[at] == 0x3D, at < limit,
                keyCount <= SeriesText.partByteCountMax
            else { break }
            let number = NumberParser.parsePadded(base + (at &+ 1))
            guard number.count > 0 else { break }
            let name = NameBytes(start: base + key, count: keyCount)
            at &+= number.count &+ 1
            let isInteger = base[at] == 0x69 && number.isWhole
            if isInteger { at &+= 1 }
            // Adding makes the zero of an integer a positive one.
            let value = isInteger ? number.value + 0 : number.value
            sink.hold(SeriesText(series, mixed, name), value)
            if base[at] == 0x2C, at < limit { continue }
            guard base[at] == 0x20, at < limit else { break }
            return commit(at &+ 1, mark, start)
        }
        sink.drop(from: mark)
        return nil
    }

    /// Gives the readings of a line the time that its rest is.
    @inline(__always)
    private mutating func commit(_ text: Int, _ mark: Int, _ start: Int) -> Int? {
        let base = scanner.base
        var count = (~bytes_digits(base + text) | 1 << 16).trailingZeroBitCount
        if count == 16 {
            count &+= (~bytes_digits(base + (text &+ 16)) | 1 << 16).trailingZeroBitCount
        }
        var end = text &+ count
        if base[end] == 0x0D { end &+= 1 }
        let time = times.parsePadded(base + text, count)
        guard count > 0, count < 32, base[end] == 0x0A, time >= 0 else {
            sink.drop(from: mark)
            return nil
        }
        sink.commit(time, from: mark, row: start..<end)
        return end &+ 1
    }

    /// The first position from a start on that a mask has; beyond the limit when there is none.
    @inline(__always)
    private static func find(
        _ base: UnsafePointer<UInt8>,
        _ start: Int,
        _ limit: Int,
        _ mask: (UnsafePointer<UInt8>) -> UInt32
    ) -> Int {
        var at = start
        while at < limit {
            let found = mask(base + at)
            if found != 0 { return at &+ found.trailingZeroBitCount }
            at &+= 16
        }
        return limit
    }

    @inline(__always)
    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A
    }
}
