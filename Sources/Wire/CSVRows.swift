internal import Core

/// The decoding of one chunk of rows.
struct CSVRows: ~Copyable {
    var sink: EventSink
    var times: TimeParser
    private let scanner: CSVScanner
    private let header: CSVHeader
    private let fields: UnsafeMutableBufferPointer<CSVCell>
    /// Space for a device and a sensor whose quotes are doubled in the input.
    private let room: UnsafeMutableBufferPointer<UInt8>
    private let defaults: EventDefaults
    private let isPredicting: Bool
    private var base: UnsafePointer<UInt8> { scanner.base }

    /// One byte more than a name may have, so that longer ones are seen to be too long.
    private static let nameRoom = SeriesKey.partByteCountMax + 1
    /// Bytes beyond a row that can be read while it is decoded the fast way.
    private static let padding = 32

    init(
        sink: consuming EventSink,
        header: CSVHeader,
        defaults: EventDefaults,
        times: TimeParser,
        isPredicting: Bool
    ) {
        scanner = CSVScanner(base: sink.base, end: sink.end, delimiter: header.delimiter)
        self.sink = sink
        self.header = header
        self.defaults = defaults
        self.times = times
        self.isPredicting = isPredicting
        fields = .allocate(capacity: header.columns.count)
        room = .allocate(capacity: 2 * Self.nameRoom)
        fields.initialize(repeating: .none)
        room.initialize(repeating: 0)
    }

    deinit {
        fields.deallocate()
        room.deallocate()
    }

    /// Decodes all rows of the chunk.
    mutating func decode() throws {
        let padded = isPredicting ? scanner.end &- Self.padding : 0
        var at = 0
        while at < scanner.end {
            if at < padded {
                let next = scanner.plainRow(at: at, end: padded, into: fields)
                if next > 0 {
                    decodePadded(at..<next)
                    try sink.checkCount()
                    at = next
                    continue
                }
            }
            let row = scanner.row(at: at, into: fields)
            if row.fieldCount < fields.count {
                for index in row.fieldCount..<fields.count { fields[index] = .none }
            }
            let text = at..<row.next
            if row.isMalformed {
                sink.reject(.malformed, text, row: text)
            } else if row.hasExtra {
                sink.reject(.tooManyFields, text, row: text)
            } else {
                decodeFields(text)
            }
            try sink.checkCount()
            at = row.next
        }
    }

    private mutating func decodeFields(_ row: Range<Int>) {
        guard let long = header.long else { return decodeWide(row) }
        if long.sensor.map({ fields[$0].isEmpty }) ?? true {
            if isBlankRow { return }
            guard defaults.hasSensor else { return sink.reject(.missingSensor, row, row: row) }
        }
        guard let (device, time) = deviceAndTime(row, count: 1) else { return }
        let sensor = long.sensor.flatMap { fields[$0].isEmpty ? nil : fields[$0] }
        guard let name = sensor.map({ name($0, half: 1) }) ?? defaults.sensor else {
            let bad = sensor ?? .none
            return sink.reject(.badName, bad.start..<bad.end, row: row)
        }
        append(device, name, time, fields[long.value], row)
    }

    private mutating func decodeWide(_ row: Range<Int>) {
        let count = header.sensors.reduce(0) { $0 + (fields[$1.column].isEmpty ? 0 : 1) }
        guard count > 0, let (device, time) = deviceAndTime(row, count: count) else { return }
        for sensor in header.sensors where !fields[sensor.column].isEmpty {
            sensor.name.withUnsafeBufferPointer { bytes in
                guard let start = bytes.baseAddress else { return }
                let name = NameBytes(start: start, count: sensor.count)
                append(device, name, time, fields[sensor.column], row)
            }
        }
    }

    /// The device and time of a row; rejects so many events when one of them is bad.
    private mutating func deviceAndTime(
        _ row: Range<Int>,
        count: Int
    ) -> (device: NameBytes, time: Int64)? {
        var device = defaults.device
        if let column = header.device {
            let field = fields[column]
            guard !field.isEmpty else {
                reject(count, .missingDevice, row, row)
                return nil
            }
            device = name(field, half: 0)
            guard device != nil else {
                reject(count, .badName, field.start..<field.end, row)
                return nil
            }
        }
        let field = header.time.map { fields[$0] } ?? .none
        var time = TimeParser.bad
        if field.isEmpty {
            guard let received = defaults.time else {
                reject(count, .missingTime, row, row)
                return nil
            }
            time = received
        } else {
            time = times.parse(base + field.start, field.count)
        }
        guard let device, time >= 0 else {
            reject(count, TimeParser.reason(for: time), field.start..<field.end, row)
            return nil
        }
        return (device, time)
    }

    private mutating func append(
        _ device: NameBytes,
        _ sensor: NameBytes,
        _ time: Int64,
        _ field: CSVCell,
        _ row: Range<Int>
    ) {
        let range = field.start..<field.end
        guard !field.isEmpty else { return sink.reject(.missingValue, row, row: row) }
        switch NumberParser.parse(base + field.start, field.count) {
        case .notANumber: sink.reject(.badValue, range, row: row)
        case .notFinite: sink.reject(.notFinite, range, row: row)
        case .finite(let value):
            if sink.texts != nil { note(range, row) }
            sink.add(device: device, sensor: sensor, time, value, row: row)
        }
    }

    private mutating func note(_ value: Range<Int>, _ row: Range<Int>) {
        let time = header.time.map { fields[$0] } ?? .none
        sink.note(time: time.start..<time.end, value: value, row: row.lowerBound)
    }

    private mutating func reject(
        _ count: Int,
        _ reason: RejectReason,
        _ value: Range<Int>,
        _ row: Range<Int>
    ) {
        for _ in 0..<count { sink.reject(reason, value, row: row) }
    }

    /// The name in a field, with doubled quotes made single; nil when it is far too long.
    private func name(_ field: CSVCell, half: Int) -> NameBytes? {
        guard field.isEscaped else {
            return NameBytes(start: base + field.start, count: field.count)
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
}

extension CSVRows {
    /// As ``decodeFields(_:)``, for a row without quotes beyond which more can be read.
    @inline(__always)
    private mutating func decodePadded(_ row: Range<Int>) {
        guard let (device, time) = deviceAndTimePadded() else { return decodeFields(row) }
        guard let long = header.long else { return decodeWidePadded(row, device, time) }
        let value = fields[long.value]
        let number = NumberParser.parsePadded(base + value.start)
        var sensor = defaults.sensor
        if let column = long.sensor {
            let field = fields[column]
            sensor = NameBytes(start: base + field.start, count: field.count)
        }
        guard number.count == value.count, number.count > 0, let sensor, isShort(sensor) else {
            return decodeFields(row)
        }
        if sink.texts != nil { note(value.start..<value.end, row) }
        sink.add(SeriesText(device, sensor, secret: sink.secret), time, number.value, row: row)
    }

    @inline(__always)
    private mutating func decodeWidePadded(
        _ row: Range<Int>,
        _ device: NameBytes,
        _ time: Int64
    ) {
        for sensor in header.sensors where !fields[sensor.column].isEmpty {
            let field = fields[sensor.column]
            sensor.name.withUnsafeBufferPointer { bytes in
                guard let start = bytes.baseAddress else { return }
                let name = NameBytes(start: start, count: sensor.count)
                let number = NumberParser.parsePadded(base + field.start)
                guard number.count == field.count else {
                    return append(device, name, time, field, row)
                }
                if sink.texts != nil { note(field.start..<field.end, row) }
                sink.add(
                    SeriesText(device, name, secret: sink.secret),
                    time,
                    number.value,
                    row: row
                )
            }
        }
    }

    @inline(__always)
    private mutating func deviceAndTimePadded() -> (device: NameBytes, time: Int64)? {
        var device = defaults.device
        if let column = header.device {
            let field = fields[column]
            device = NameBytes(start: base + field.start, count: field.count)
        }
        var time = defaults.time ?? TimeParser.bad
        if let column = header.time, !fields[column].isEmpty {
            time = times.parsePadded(base + fields[column].start, fields[column].count)
        }
        guard let device, isShort(device), time >= 0 else { return nil }
        return (device, time)
    }

    @inline(__always)
    private func isShort(_ name: NameBytes) -> Bool {
        name.count > 0 && name.count <= SeriesText.partByteCountMax
    }
}
