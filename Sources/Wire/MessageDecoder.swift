public import Core

/// Decodes the payloads of messages, such as MQTT's and Kafka's, many into one batch.
///
/// A payload that is one number, or `true`, `false`, `on` or `off` in any case, is a reading of the
/// device and sensor that the message says it is of. Any other is a body in one of the formats; its
/// events take from the message what they do not say themselves. A payload that cannot be read at
/// all is one rejected event: nothing of a message makes this throw or fails its neighbors.
///
/// Concurrency: one caller at a time.
public final class MessageDecoder {
    private let options: DecodeOptions
    private let limits: Limits
    private let path: DecodePath
    /// Decodes objects, and has the events of all payloads.
    private var json: JSONEvents
    private var messageCount = 0
    /// The device and sensor of the last message, which mostly repeat, and the defaults with them.
    private var last: (device: String?, sensor: String?)
    private var defaults: EventDefaults
    /// A payload with room to read beyond it.
    private var room: UnsafeMutableBufferPointer<UInt8>

    /// Bytes that decoders may read beyond the end of an event.
    private static let padding = 64

    /// Makes a decoder; a message's own device, sensor and time go before the options' defaults.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` for options that cannot be.
    public init(
        options: DecodeOptions,
        limits: Limits = Limits(),
        path: DecodePath = .predicted,
        memory: SeriesMemory? = nil
    ) throws {
        let room = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 4096)
        room.initialize(repeating: 0)
        do {
            let empty = UnsafeBufferPointer<UInt8>(rebasing: UnsafeBufferPointer(room)[..<0])
            guard let base = UnsafePointer(room.baseAddress) else { throw emptyBody() }
            let bytes = UnsafeRawBufferPointer(empty)
            var body = EventBody(bytes: bytes, options: options, limits: limits, path: path)
            body.memory = memory
            defaults = try EventDefaults(options)
            json = try JSONEvents(empty, base: base, body)
        } catch {
            room.deallocate()
            throw error
        }
        self.room = room
        self.options = options
        self.limits = limits
        self.path = path
        last = (options.givenDevice, options.defaultSensor)
    }

    deinit { room.deallocate() }

    /// Accepted and rejected events since the last batch was taken.
    public var eventCount: Int { json.sink.events.eventCount }

    /// Decodes the payload of a message; the index in rejected events counts from the last batch.
    ///
    /// Device and sensor are what the topic or key names, `receivedAt` is the time of events that
    /// do not say theirs. Without a format the payload tells it.
    public func decode(
        _ payload: UnsafeRawBufferPointer,
        device: String? = nil,
        sensor: String? = nil,
        receivedAt: Timestamp,
        format: EventFormat? = nil
    ) {
        defer { messageCount += 1 }
        guard setDefaults(device, sensor, receivedAt) else {
            return reject(.badName, text: "\(device ?? "")/\(sensor ?? "")", payload)
        }
        if format == nil, let number = MessageNumber.parse(payload) {
            return add(number, payload, receivedAt)
        }
        let mark = json.sink.events.mark
        do {
            let format = format ?? Self.format(of: payload)
            if format == .ndjson || format == .json {
                try decodeJSON(payload, isLines: format == .ndjson)
            } else {
                try decode(payload, format, receivedAt)
            }
        } catch {
            json.sink.flush()
            json.sink.events.cut(to: mark)
            reject(.malformed, value: payload, payload)
        }
    }

    /// The events so far; the next message begins another batch.
    public func finish() -> DecodedEvents {
        messageCount = 0
        return json.sink.take()
    }

    /// Objects are what most payloads are: they are told without asking every format.
    private static func format(of payload: UnsafeRawBufferPointer) -> EventFormat {
        payload.first == 0x7B && payload.last == 0x7D
            && !payload.contains(0x0A) ? .ndjson : EventFormat(lookingAt: payload)
    }

    private func decodeJSON(_ payload: UnsafeRawBufferPointer, isLines: Bool) throws {
        try checkEncoding(payload)
        let input = copied(payload)
        guard let base = input.baseAddress, payload.contains(where: { $0 > 0x20 }) else {
            throw emptyBody()
        }
        json.restart(input, base: base, messageIndex: messageCount)
        // What waits points into the payload, which is gone for the next one.
        defer { json.sink.flush() }
        if isLines { try json.decodeLines() } else { try json.decodeDocument() }
    }

    private func decode(
        _ payload: UnsafeRawBufferPointer,
        _ format: EventFormat,
        _ receivedAt: Timestamp
    ) throws {
        var options = options
        (options.givenDevice, options.defaultSensor) = last
        options.receivedAt = receivedAt
        var body = EventBody(bytes: payload, options: options, limits: limits, path: path)
        body.messageIndex = messageCount
        var events = DecodedEvents()
        swap(&events, &json.sink.events)
        defer { swap(&events, &json.sink.events) }
        defer { events.context = nil }
        let before = (events.eventCount, events.ignoredFieldCount)
        try format.decode(body, &events)
        // One word is the header of a table without rows: nothing of a message is dropped unseen.
        guard (events.eventCount, events.ignoredFieldCount) != before else { throw emptyBody() }
    }

    /// Makes a message's names the defaults; false when one is not allowed.
    private func setDefaults(_ device: String?, _ sensor: String?, _ time: Timestamp) -> Bool {
        let device = device ?? options.givenDevice
        let sensor = sensor ?? options.defaultSensor
        if device != last.device || sensor != last.sensor {
            guard let made = try? EventDefaults(device: device, sensor: sensor, time: time) else {
                return false
            }
            defaults = made
            last = (device, sensor)
        }
        defaults.time = time.microseconds >= 0 ? time.microseconds : nil
        json.defaults = defaults
        return true
    }

    private func add(
        _ number: MessageNumber,
        _ payload: UnsafeRawBufferPointer,
        _ receivedAt: Timestamp
    ) {
        guard let device = defaults.device else {
            return reject(.missingDevice, value: payload, payload)
        }
        guard let sensor = defaults.sensor else {
            return reject(.missingSensor, value: payload, payload)
        }
        guard let time = defaults.time else {
            return reject(.badTime, text: "\(receivedAt)", payload)
        }
        guard case .finite(let value) = number else {
            return reject(.notFinite, value: payload, payload)
        }
        json.sink.add(device: device, sensor: sensor, time, value, row: 0..<0)
    }

    private func reject(_ reason: RejectReason, text: String, _ payload: UnsafeRawBufferPointer) {
        var text = text
        text.withUTF8 { reject(reason, value: UnsafeRawBufferPointer($0), payload) }
    }

    private func reject(
        _ reason: RejectReason,
        value: UnsafeRawBufferPointer,
        _ payload: UnsafeRawBufferPointer
    ) {
        json.sink.events.reject(
            reason,
            index: 0,
            line: 1,
            value: value,
            event: payload,
            listCountMax: limits.rejectedListCountMax,
            messageIndex: messageCount
        )
    }

    /// The payload, a line end and blanks, so that short ones are read as fast as long ones.
    private func copied(_ payload: UnsafeRawBufferPointer) -> UnsafeBufferPointer<UInt8> {
        let count = payload.count + Self.padding
        if count > room.count {
            room.deallocate()
            room = .allocate(capacity: count)
            room.initialize(repeating: 0)
        }
        UnsafeMutableRawBufferPointer(room).copyMemory(from: payload)
        room[payload.count] = 0x0A
        for index in (payload.count + 1)..<count { room[index] = 0x20 }
        return UnsafeBufferPointer(rebasing: UnsafeBufferPointer(room)[..<count])
    }
}

/// A payload that is a number and nothing else.
enum MessageNumber: Equatable {
    case finite(Double)
    case notFinite

    /// The number that a payload is; nil when it is something else.
    static func parse(_ payload: UnsafeRawBufferPointer) -> MessageNumber? {
        var text = payload[...]
        while let first = text.first, isBlank(first) { text = text.dropFirst() }
        while let last = text.last, isBlank(last) { text = text.dropLast() }
        let bytes = UnsafeRawBufferPointer(rebasing: text).bindMemory(to: UInt8.self)
        guard let start = bytes.baseAddress, bytes.count <= byteCountMax else { return nil }
        switch NumberParser.parse(start, bytes.count) {
        case .finite(let value): return .finite(value)
        case .notFinite: return .notFinite
        case .notANumber: break
        }
        guard bytes.count <= 5 else { return nil }
        switch String(decoding: bytes, as: UTF8.self).lowercased() {
        case "true", "on": return .finite(1)
        case "false", "off": return .finite(0)
        default: return nil
        }
    }

    private static let byteCountMax = 400

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D || byte == 0
    }
}
