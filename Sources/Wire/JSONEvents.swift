internal import Core

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The decoding of JSON objects, one input after another.
struct JSONEvents: ~Copyable {
    var sink: EventSink
    var times: TimeParser
    var template = JSONTemplate()
    /// Whether objects are expected to be laid out as the one before.
    let isPredicting: Bool
    private var scanner: JSONScanner
    private var end: Int
    private let names: FieldNames
    /// Space for a device, a sensor or key, and a time whose escapes are resolved.
    private let room: UnsafeMutableBufferPointer<UInt8>
    var defaults: EventDefaults
    /// The fields of the current object.
    private var time = JSONText.absent
    private var device = JSONText.absent
    private var sensor = JSONText.absent
    private var value = JSONText.absent
    /// Numbers in fields without a role, which are sensors if the object names none.
    private var others: [(key: JSONText, value: JSONText)] = []

    private static let partRoom = SeriesKey.partByteCountMax + 1

    /// - Throws: ``FleetError`` `.invalidArgument` for options that cannot be.
    init(_ input: UnsafeBufferPointer<UInt8>, base: UnsafePointer<UInt8>, _ body: EventBody) throws
    {
        let names = try FieldNames(body.options)
        let defaults = try EventDefaults(body.options)
        self.names = names
        self.defaults = defaults
        scanner = JSONScanner(base: base, at: 0, end: input.count)
        end = input.count
        times = TimeParser(body.options)
        isPredicting = body.path == .predicted
        let count = min(input.count / 64 &+ 1, body.limits.batchEventCountMax, 1 << 20)
        sink = EventSink(
            input,
            base: base,
            limits: body.limits,
            memory: body.memory?.names,
            eventCount: count
        )
        room = .allocate(capacity: 3 * Self.partRoom)
        room.initialize(repeating: 0)
        if input.starts(with: [0xEF, 0xBB, 0xBF]) { scanner.at = 3 }
    }

    deinit { room.deallocate() }

    /// Goes on with another input.
    mutating func restart(
        _ input: UnsafeBufferPointer<UInt8>,
        base: UnsafePointer<UInt8>,
        messageIndex: Int
    ) {
        sink.restart(input, base: base)
        sink.messageIndex = messageIndex
        scanner = JSONScanner(base: base, at: 0, end: input.count)
        end = input.count
        if input.starts(with: [0xEF, 0xBB, 0xBF]) { scanner.at = 3 }
    }

    /// Decodes one object a line; a line that is not an object is rejected alone.
    mutating func decodeLines() throws {
        while scanner.at < end {
            let start = scanner.at
            if let stop = predictedLine(start) {
                scanner.at = stop &+ 1
                try sink.checkCount()
                continue
            }
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
                    sink.reject(.malformed, start..<stop, row: start..<stop)
                }
                try sink.checkCount()
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
            if let stop = predictedObject(start) {
                scanner.at = stop
            } else {
                guard object() else { throw notJSON("an object is not well formed") }
                finish(start..<scanner.at)
            }
        } else {
            guard scanner.value() != nil else { throw notJSON("an event is missing or malformed") }
            sink.reject(.malformed, start..<scanner.at, row: start..<scanner.at)
        }
        try sink.checkCount()
    }

    private mutating func notJSON(_ problem: String) -> FleetError {
        let line = sink.line(at: scanner.at)
        return FleetError(
            .invalidArgument,
            "the body is not JSON at byte \(scanner.at + 1), line \(line): \(problem)",
            hint: "send one object a line (NDJSON) to have bad events rejected one by one"
        )
    }

    /// Reads an object's fields; false when it is malformed.
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
    private mutating func finish(_ text: Range<Int>) {
        if isPredicting { learn(text) }
        if sensor.kind == .absent, value.kind == .absent, !others.isEmpty {
            return finishOthers(text)
        }
        guard let (device, time) = deviceAndTime(text, count: 1) else { return }
        if sensor.isMissing, !defaults.hasSensor {
            return sink.reject(.missingSensor, text, row: text)
        }
        guard value.kind != .absent else { return sink.reject(.missingValue, text, row: text) }
        if sensor.isMissing, let name = defaults.sensor {
            return append(device, name, time, value, text)
        }
        guard sensor.kind != .other, sensor.kind != .notFinite, let name = bytes(sensor, part: 1)
        else { return sink.reject(.badName, sensor.start..<sensor.end, row: text) }
        append(device, name, time, value, text)
    }

    private mutating func finishOthers(_ text: Range<Int>) {
        guard let (device, time) = deviceAndTime(text, count: others.count) else { return }
        for (key, value) in others {
            guard let name = bytes(key, part: 1) else {
                sink.reject(.badName, key.start..<key.end, row: text)
                continue
            }
            append(device, name, time, value, text)
        }
    }

    /// The device and time of the object; rejects so many events when one of them is bad.
    private mutating func deviceAndTime(
        _ text: Range<Int>,
        count: Int
    ) -> (device: NameBytes, time: Int64)? {
        guard let name = deviceName() else {
            let bad = device.isMissing ? text : device.start..<device.end
            reject(count, device.isMissing ? .missingDevice : .badName, bad, text)
            return nil
        }
        if time.isMissing {
            if let received = defaults.time { return (name, received) }
            reject(count, .missingTime, text, text)
            return nil
        }
        let parsed = parsedTime()
        guard parsed >= 0 else {
            reject(count, TimeParser.reason(for: parsed), time.start..<time.end, text)
            return nil
        }
        return (name, parsed)
    }

    private func deviceName() -> NameBytes? {
        if device.isMissing { return defaults.device }
        return device.kind == .other || device.kind == .notFinite ? nil : bytes(device, part: 0)
    }

    private mutating func parsedTime() -> Int64 {
        switch time.kind {
        case .number, .string, .escapedString:
            guard let text = bytes(time, part: 2) else { return TimeParser.bad }
            return times.parse(text.start, text.count)
        case .absent, .null, .notFinite, .other: return TimeParser.bad
        }
    }

    private mutating func append(
        _ device: NameBytes,
        _ sensor: NameBytes,
        _ time: Int64,
        _ value: JSONText,
        _ text: Range<Int>
    ) {
        let range = value.start..<value.end
        switch value.kind {
        case .number:
            switch NumberParser.parse(scanner.base + value.start, value.count) {
            case .finite(let number):
                sink.add(device: device, sensor: sensor, time, number, row: text)
            case .notFinite: sink.reject(.notFinite, range, row: text)
            case .notANumber: sink.reject(.badValue, range, row: text)
            }
        case .notFinite: sink.reject(.notFinite, range, row: text)
        default: sink.reject(.badValue, range, row: text)
        }
    }

    private mutating func reject(
        _ count: Int,
        _ reason: RejectReason,
        _ value: Range<Int>,
        _ text: Range<Int>
    ) {
        for _ in 0..<count { sink.reject(reason, value, row: text) }
    }

    /// The layout of the object just read, for the next ones.
    private mutating func learn(_ text: Range<Int>) {
        template.learn(text, of: scanner.base, names: names, defaults: defaults)
    }

    /// The bytes of a text, with escapes resolved in one of the parts of the room.
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
}
