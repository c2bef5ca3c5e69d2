internal import CBytes
internal import Core

extension JSONEvents {
    /// Reads a line that is an object laid out as the one before.
    ///
    /// - Returns: the position of the line's end; nil when it has to be read closely.
    @inline(__always)
    mutating func predictedLine(_ start: Int) -> Int? {
        guard template.isKnown else { return nil }
        var found = JSONValues(defaults, sink.base)
        var stop = match(start, &found)
        guard stop > 0 else { return nil }
        if sink.base[stop] == 0x0D { stop &+= 1 }
        guard sink.base[stop] == 0x0A else { return nil }
        add(found, start..<stop)
        return stop
    }

    /// Reads an object that is laid out as the one before.
    ///
    /// - Returns: the position after it; nil when it has to be read closely.
    @inline(__always)
    mutating func predictedObject(_ start: Int) -> Int? {
        guard template.isKnown else { return nil }
        var found = JSONValues(defaults, sink.base)
        let stop = match(start, &found)
        guard stop > 0 else { return nil }
        add(found, start..<stop)
        return stop
    }

    /// Compares an object with the template and finds its values.
    ///
    /// - Returns: the position after the object, where two bytes can be read; 0 when it differs.
    @inline(__always)
    private mutating func match(_ start: Int, _ found: inout JSONValues) -> Int {
        let base = sink.base
        let end = sink.end &- JSONTemplate.padding
        var at = start
        for index in 0..<template.fieldCount {
            let field = template.fields[index]
            let literal = template.literals + Int(field.literalStart)
            let literalCount = Int(field.literalCount)
            guard end &- at > literalCount, isSamePadded(base + at, literal, literalCount) else {
                return 0
            }
            let value = at &+ literalCount
            let count =
                field.isString
                ? Self.textCount(base, value, end)
                : Self.numberCount(base + value, field, &found)
            guard count >= 0 else { return 0 }
            let text = NameBytes(start: base + value, count: count)
            switch field.use {
            case .device:
                guard count &- 1 < SeriesText.partByteCountMax, count > 0 else { return 0 }
                found.device = text
            case .sensor:
                guard count &- 1 < SeriesText.partByteCountMax, count > 0 else { return 0 }
                found.sensor = text
            case .time:
                found.time = times.parsePadded(text.start, count)
                guard found.time >= 0 else { return 0 }
            case .reading:
                let start = base + (at &+ Int(field.keyStart))
                let key = NameBytes(start: start, count: Int(field.keyCount))
                (template.readings + found.readingCount).initialize(to: (key, found.value))
                found.readingCount &+= 1
            case .value, .ignored: break
            }
            at = value &+ count
        }
        guard end &- at > template.closingCount,
            isSamePadded(
                base + at,
                template.literals + template.closingStart,
                template.closingCount
            )
        else { return 0 }
        // The defaults may be others than when the template was learned.
        guard found.device.count > 0, found.time >= 0,
            found.sensor.count > 0 || found.readingCount > 0
        else { return 0 }
        return at &+ template.closingCount
    }

    // What follows is static: a method would be given a copy of the whole decoder.

    /// Bytes of a string without escapes up to its quote; -1 when it is none.
    @inline(__always)
    private static func textCount(_ base: UnsafePointer<UInt8>, _ start: Int, _ limit: Int) -> Int {
        var at = start
        var mask = bytes_string(base + at)
        while mask == 0 {
            at &+= 16
            guard at < limit else { return -1 }
            mask = bytes_string(base + at)
        }
        at &+= mask.trailingZeroBitCount
        return base[at] == 0x22 ? at &- start : -1
    }

    /// Bytes of a number; -1 when it is not short and plain.
    @inline(__always)
    private static func numberCount(
        _ text: UnsafePointer<UInt8>,
        _ field: JSONTemplate.Field,
        _ found: inout JSONValues
    ) -> Int {
        switch field.use {
        case .value, .reading, .ignored:
            let number = NumberParser.parsePadded(text)
            let first = text[0] == 0x2D ? 1 : 0
            guard number.count > 0, text[first] != 0x30 || text[first &+ 1] &- 0x30 >= 10 else {
                return -1
            }
            if field.use != .ignored { found.value = number.value }
            return number.count
        case .device, .sensor, .time:
            let count = (~bytes_digits(text) | 1 << 16).trailingZeroBitCount
            if count == 16 {
                let more = (~bytes_digits(text + 16) | 1 << 16).trailingZeroBitCount
                return more < 16 && text[0] != 0x30 ? count &+ more : -1
            }
            return count > 0 && (count == 1 || text[0] != 0x30) ? count : -1
        }
    }

    /// Adds the readings of an object.
    @inline(__always)
    private mutating func add(_ found: JSONValues, _ row: Range<Int>) {
        template.missCount = 0
        guard found.readingCount > 0 else {
            let series = SeriesText(found.device, found.sensor, secret: sink.secret)
            return sink.add(series, found.time, found.value, row: row)
        }
        for index in 0..<found.readingCount {
            let (key, value) = template.readings[index]
            let series = SeriesText(found.device, key, secret: sink.secret)
            sink.add(series, found.time, value, row: row)
        }
    }
}

/// The values of one object.
private struct JSONValues {
    var device: NameBytes
    var sensor: NameBytes
    var time: Int64
    var value = 0.0
    /// Readings of fields that are sensors, which are in the template's space for them.
    var readingCount = 0

    @inline(__always)
    init(_ defaults: EventDefaults, _ base: UnsafePointer<UInt8>) {
        // What has no default is mostly among the fields of the template.
        device = defaults.device ?? NameBytes(start: base, count: 0)
        sensor = defaults.sensor ?? NameBytes(start: base, count: 0)
        time = defaults.time ?? TimeParser.bad
    }
}
