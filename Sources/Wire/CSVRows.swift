internal import Core

/// The decoding of one chunk of rows.
struct CSVRows {
    let scanner: CSVScanner
    let header: CSVHeader
    let fields: UnsafeMutableBufferPointer<CSVCell>
    /// Space for a device and a sensor whose quotes are doubled in the input.
    let room: UnsafeMutableBufferPointer<UInt8>
    let defaultDevice: UnsafeBufferPointer<UInt8>
    let limits: Limits
    var times: TimeParser
    var cache: SeriesCache
    var events: DecodedEvents
    var texts: ReadingTexts?
    /// What makes an event's place in `events` its place in the table.
    let indexShift: Int
    /// The line of the current row.
    var line: Int
    /// Bytes of the input before this chunk.
    let byteShift: Int

    /// One byte more than a name may have, so that longer ones are seen to be too long.
    static let nameRoom = SeriesKey.partByteCountMax + 1

    private var base: UnsafePointer<UInt8> { scanner.base }

    /// Decodes all rows of the chunk.
    mutating func decode() throws {
        var at = 0
        while at < scanner.end {
            let row = scanner.row(at: at, into: fields)
            if row.fieldCount < fields.count {
                for index in row.fieldCount..<fields.count { fields[index] = .none }
            }
            let text = at..<row.next
            if row.isMalformed {
                reject(.malformed, text, row: text)
            } else if row.hasExtra {
                reject(.tooManyFields, text, row: text)
            } else if let long = header.long {
                decodeLong(text, sensor: fields[long.sensor], value: fields[long.value])
            } else {
                decodeWide(text)
            }
            guard events.eventCount &+ indexShift <= limits.batchEventCountMax else {
                throw tooManyEvents(limits)
            }
            at = row.next
            line &+= row.lineCount
        }
    }

    private mutating func decodeLong(_ row: Range<Int>, sensor: CSVCell, value: CSVCell) {
        if sensor.isEmpty {
            if isBlankRow { return }
            return reject(.missingSensor, row, row: row)
        }
        guard let (device, time) = deviceAndTime(row, isBad: { $0.reject($1, $2, row: row) }) else {
            return
        }
        guard let name = name(sensor, half: 1) else {
            return reject(.badName, sensor.start..<sensor.end, row: row)
        }
        append(device, name, time, value, row)
    }

    private mutating func decodeWide(_ row: Range<Int>) {
        let found = deviceAndTime(row) { rows, reason, value in
            for sensor in rows.header.sensors where !rows.fields[sensor.column].isEmpty {
                rows.reject(reason, value, row: row)
            }
        }
        guard let (device, time) = found else { return }
        for sensor in header.sensors where !fields[sensor.column].isEmpty {
            sensor.name.withUnsafeBufferPointer { bytes in
                guard let start = bytes.baseAddress else { return }
                let name = NameBytes(start: start, count: bytes.count)
                append(device, name, time, fields[sensor.column], row)
            }
        }
    }

    /// The device and time of a row; says what is bad and returns nil when one of them is.
    @inline(__always)
    private mutating func deviceAndTime(
        _ row: Range<Int>,
        isBad: (inout CSVRows, RejectReason, Range<Int>) -> Void
    ) -> (device: NameBytes, time: Int64)? {
        var device: NameBytes
        if let column = header.device {
            let field = fields[column]
            guard !field.isEmpty else {
                isBad(&self, .missingDevice, row)
                return nil
            }
            guard let found = name(field, half: 0) else {
                isBad(&self, .badName, field.start..<field.end)
                return nil
            }
            device = found
        } else {
            // The default is checked to be a name, hence not empty.
            guard let start = defaultDevice.baseAddress else { return nil }
            device = NameBytes(start: start, count: defaultDevice.count)
        }
        let field = fields[header.time]
        guard !field.isEmpty else {
            isBad(&self, .missingTime, row)
            return nil
        }
        guard let time = times.parse(base + field.start, field.end &- field.start) else {
            isBad(&self, .badTime, field.start..<field.end)
            return nil
        }
        return (device, time)
    }

    @inline(__always)
    private mutating func append(
        _ device: NameBytes,
        _ sensor: NameBytes,
        _ time: Int64,
        _ field: CSVCell,
        _ row: Range<Int>
    ) {
        let range = field.start..<field.end
        guard !field.isEmpty else { return reject(.missingValue, row, row: row) }
        switch NumberParser.parse(base + field.start, field.end &- field.start) {
        case .notANumber: reject(.badValue, range, row: row)
        case .notFinite: reject(.notFinite, range, row: row)
        case .finite(let value):
            guard let id = cache.id(device, sensor, in: &events.batch.series) else {
                let isDevice = !SeriesKey.isAllowed(device.raw)
                return reject(.badName, value: isDevice ? device.raw : sensor.raw, row: row)
            }
            events.batch.append(series: id, time: time, value: value)
            if texts != nil { note(range) }
        }
    }

    private mutating func note(_ value: Range<Int>) {
        let time = fields[header.time]
        texts?.times.append((byteShift &+ time.start)..<(byteShift &+ time.end))
        texts?.values.append(
            (byteShift &+ value.lowerBound)..<(byteShift &+ value.upperBound)
        )
        texts?.lines.append(line)
    }

    /// The name in a field, with doubled quotes made single; nil when it is far too long.
    @inline(__always)
    private func name(_ field: CSVCell, half: Int) -> NameBytes? {
        guard field.isEscaped else {
            return NameBytes(start: base + field.start, count: field.end &- field.start)
        }
        let space = UnsafeMutableBufferPointer(
            rebasing: room[(half * Self.nameRoom)..<((half + 1) * Self.nameRoom)]
        )
        guard let count = scanner.unescape(field, into: space), let start = space.baseAddress else {
            return nil
        }
        return NameBytes(start: UnsafePointer(start), count: count)
    }

    /// Whether no field of the row has anything in it, as at the end of some spreadsheets.
    private var isBlankRow: Bool { fields.allSatisfy(\.isEmpty) }

    private mutating func reject(_ reason: RejectReason, _ value: Range<Int>, row: Range<Int>) {
        reject(
            reason,
            value: UnsafeRawBufferPointer(start: base + value.lowerBound, count: value.count),
            row: row
        )
    }

    private mutating func reject(
        _ reason: RejectReason,
        value: UnsafeRawBufferPointer,
        row: Range<Int>
    ) {
        var length = row.count
        while length > 0, base[row.lowerBound + length - 1] <= 0x20 { length -= 1 }
        events.reject(
            reason,
            index: events.eventCount &+ indexShift,
            line: line,
            value: value,
            sample: UnsafeRawBufferPointer(start: base + row.lowerBound, count: length),
            listCountMax: limits.rejectedListCountMax
        )
    }
}
