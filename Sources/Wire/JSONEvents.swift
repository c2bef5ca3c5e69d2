internal import Core

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The decoding of one body of JSON objects.
struct JSONEvents {
    private var scanner: JSONScanner
    private let end: Int
    private let names: FieldNames
    private let limits: Limits
    private var times: TimeParser
    private var cache: SeriesCache
    /// Space for a device, a sensor or key, and a time whose escapes are resolved.
    private let room: UnsafeMutableBufferPointer<UInt8>
    private(set) var events = DecodedEvents()
    /// The fields of the current object.
    private var time = JSONText.absent
    private var device = JSONText.absent
    private var sensor = JSONText.absent
    private var value = JSONText.absent
    /// Numbers in fields without a role, which are sensors if the object names none.
    private var others: [(key: JSONText, value: JSONText)] = []
    /// Where the lines were last counted to, and the line there.
    private var countedTo = 0
    private var line = 1

    private static let partRoom = SeriesKey.partByteCountMax + 1
    static let roomSize = 3 * partRoom

    init(
        _ bytes: UnsafeBufferPointer<UInt8>,
        base: UnsafePointer<UInt8>,
        options: DecodeOptions,
        limits: Limits,
        room: UnsafeMutableBufferPointer<UInt8>
    ) throws {
        scanner = JSONScanner(base: base, at: 0, end: bytes.count)
        end = bytes.count
        names = try FieldNames(options)
        self.limits = limits
        self.room = room
        times = TimeParser(options)
        cache = SeriesCache(byteCount: bytes.count)
        let reserve = min(bytes.count / 64 &+ 1, limits.batchEventCountMax, 1 << 20)
        events.batch.reserveCapacity(reserve)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { scanner.at = 3 }
    }

    /// Decodes one object a line; a line that is not an object is rejected alone.
    mutating func decodeLines() throws {
        while scanner.at < end {
            let start = scanner.at
            let found = memchr(scanner.base + start, 0x0A, end &- start)
            let stop = found.map { UnsafeRawPointer($0) - UnsafeRawPointer(scanner.base) } ?? end
            scanner.end = stop
            scanner.skipSpace()
            if scanner.at < stop {
                let isRead = object()
                if isRead { scanner.skipSpace() }
                if isRead, scanner.at == stop {
                    finish(start..<stop)
                } else {
                    reject(.malformed, start..<stop, start..<stop)
                }
                try checkCount()
            }
            scanner.at = stop &+ 1
        }
    }

    /// Decodes an array of objects, or objects one after another.
    ///
    /// An element that is no object is rejected alone; text that is not JSON fails the body,
    /// since nobody can tell where its next event starts.
    mutating func decodeDocument() throws {
        scanner.skipSpace()
        guard scanner.skip(0x5B) else { return try decodeObjects() }
        scanner.skipSpace()
        if !scanner.skip(0x5D) {
            repeat {
                try decodeElement()
                scanner.skipSpace()
            } while scanner.skip(0x2C)
            guard scanner.skip(0x5D) else { throw notJSON("a , or ] is missing") }
            scanner.skipSpace()
        }
        scanner.skipSpace()
        guard scanner.at == end else { throw notJSON("there is more after the array") }
    }

    private mutating func decodeObjects() throws {
        while scanner.at < end {
            try decodeElement()
            scanner.skipSpace()
        }
    }

    private mutating func decodeElement() throws {
        scanner.skipSpace()
        let start = scanner.at
        if start < end, scanner.base[start] == 0x7B {
            guard object() else { throw notJSON("an object is not well formed") }
            finish(start..<scanner.at)
        } else {
            guard scanner.value() != nil else { throw notJSON("an event is missing or malformed") }
            reject(.malformed, start..<scanner.at, start..<scanner.at)
        }
        try checkCount()
    }

    private func checkCount() throws {
        guard events.eventCount <= limits.batchEventCountMax else { throw tooManyEvents(limits) }
    }

    private mutating func notJSON(_ problem: String) -> FleetError {
        let line = lineNumber(at: scanner.at)
        return FleetError(
            .invalidArgument,
            "the body is not JSON at byte \(scanner.at + 1), line \(line): \(problem)",
            hint: "send one object a line (NDJSON) to have bad events rejected one by one"
        )
    }

    /// Reads an object's fields; false when it is malformed.
    @inline(__always)
    private mutating func object() -> Bool {
        time = .absent
        device = .absent
        sensor = .absent
        value = .absent
        if !others.isEmpty { others.removeAll(keepingCapacity: true) }
        guard scanner.skip(0x7B) else { return false }
        scanner.skipSpace()
        if scanner.skip(0x7D) { return true }
        while true {
            guard let key = scanner.string() else { return false }
            scanner.skipSpace()
            guard scanner.skip(0x3A) else { return false }
            scanner.skipSpace()
            guard let field = scanner.value() else { return false }
            set(key, field)
            scanner.skipSpace()
            if scanner.skip(0x2C) {
                scanner.skipSpace()
                continue
            }
            return scanner.skip(0x7D)
        }
    }

    @inline(__always)
    private mutating func set(_ key: JSONText, _ field: JSONText) {
        let name = bytes(key, part: 1)
        switch name.flatMap({ names.role(of: $0.start, $0.count) }) {
        case .time: time = field
        case .device: device = field
        case .sensor: sensor = field
        case .value: value = field
        case nil:
            if field.kind == .number || field.kind == .notFinite { others.append((key, field)) }
        }
    }

    /// Makes events of the fields read.
    @inline(__always)
    private mutating func finish(_ text: Range<Int>) {
        if sensor.kind == .absent, value.kind == .absent, !others.isEmpty {
            return finishOthers(text)
        }
        guard let (device, time) = deviceAndTime(text, count: 1) else { return }
        if sensor.kind == .absent || sensor.kind == .null || sensor.count == 0 {
            return reject(.missingSensor, text, text)
        }
        guard value.kind != .absent else { return reject(.missingValue, text, text) }
        guard sensor.kind != .other, sensor.kind != .notFinite, let name = bytes(sensor, part: 1)
        else { return reject(.badName, sensor.start..<sensor.end, text) }
        append(device, name, sensor, time, value, text)
    }

    private mutating func finishOthers(_ text: Range<Int>) {
        guard let (device, time) = deviceAndTime(text, count: others.count) else { return }
        for (key, value) in others {
            guard let name = bytes(key, part: 1) else {
                reject(.badName, key.start..<key.end, text)
                continue
            }
            append(device, name, key, time, value, text)
        }
    }

    /// The device and time of the object; rejects so many events when one of them is bad.
    @inline(__always)
    private mutating func deviceAndTime(
        _ text: Range<Int>,
        count: Int
    ) -> (device: NameBytes, time: Int64)? {
        var reason = RejectReason.missingDevice
        var bad = text
        if device.kind != .absent, device.kind != .null, device.count > 0 {
            reason = .badName
            bad = device.start..<device.end
            if device.kind != .other, device.kind != .notFinite, let name = bytes(device, part: 0) {
                reason = .missingTime
                bad = text
                if time.kind != .absent, time.kind != .null, time.count > 0 {
                    reason = .badTime
                    bad = time.start..<time.end
                    if let time = parsedTime() { return (name, time) }
                }
            }
        }
        for _ in 0..<count { reject(reason, bad, text) }
        return nil
    }

    @inline(__always)
    private mutating func parsedTime() -> Int64? {
        switch time.kind {
        case .number, .string, .escapedString:
            bytes(time, part: 2).flatMap { times.parse($0.start, $0.count) }
        case .absent, .null, .notFinite, .other: nil
        }
    }

    @inline(__always)
    private mutating func append(
        _ device: NameBytes,
        _ sensor: NameBytes,
        _ sensorText: JSONText,
        _ time: Int64,
        _ value: JSONText,
        _ text: Range<Int>
    ) {
        let range = value.start..<value.end
        switch value.kind {
        case .number:
            switch NumberParser.parse(scanner.base + value.start, value.count) {
            case .finite(let number):
                guard let id = cache.id(device, sensor, in: &events.batch.series) else {
                    let isDevice = !SeriesKey.isAllowed(device.raw)
                    let bad = isDevice ? self.device : sensorText
                    return reject(.badName, bad.start..<bad.end, text)
                }
                events.batch.append(series: id, time: time, value: number)
            case .notFinite: reject(.notFinite, range, text)
            case .notANumber: reject(.badValue, range, text)
            }
        case .notFinite: reject(.notFinite, range, text)
        default: reject(.badValue, range, text)
        }
    }

    /// The bytes of a text, with escapes resolved in one of the parts of the room.
    @inline(__always)
    private func bytes(_ text: JSONText, part: Int) -> NameBytes? {
        guard text.kind == .escapedString else {
            return NameBytes(start: scanner.base + text.start, count: text.count)
        }
        return resolved(text, part: part)
    }

    private func resolved(_ text: JSONText, part: Int) -> NameBytes? {
        let space = UnsafeMutableBufferPointer(
            rebasing: room[(part * Self.partRoom)..<((part + 1) * Self.partRoom)]
        )
        guard let count = scanner.unescape(text, into: space), let start = space.baseAddress else {
            return nil
        }
        return NameBytes(start: UnsafePointer(start), count: count)
    }

    private mutating func lineNumber(at position: Int) -> Int {
        while countedTo < min(position, end) {
            if scanner.base[countedTo] == 0x0A { line &+= 1 }
            countedTo &+= 1
        }
        return line
    }

    private mutating func reject(_ reason: RejectReason, _ value: Range<Int>, _ text: Range<Int>) {
        var count = text.count
        while count > 0, scanner.base[text.lowerBound + count - 1] <= 0x20 { count -= 1 }
        events.reject(
            reason,
            index: events.eventCount,
            line: lineNumber(at: text.lowerBound),
            value: UnsafeRawBufferPointer(
                start: scanner.base + value.lowerBound,
                count: value.count
            ),
            sample: UnsafeRawBufferPointer(start: scanner.base + text.lowerBound, count: count),
            listCountMax: limits.rejectedListCountMax
        )
    }
}
