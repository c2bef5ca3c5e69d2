import Core

/// What a snapshot and the definitions it is read for do not share.
public enum DefinitionChange: Sendable, Equatable {
    /// The snapshot does not know this definition: it starts empty.
    case started(String)
    /// The definition has another size than in the snapshot: it starts empty again.
    case restarted(String)
    /// The snapshot's state of this name was dropped: no definition has it.
    case dropped(String)
}

extension PartitionWindows {
    static let snapshotMagic: UInt64 = 0x3130_574E_4957_5346  // "FSWINW01"
    static let snapshotVersion: UInt64 = 1

    /// The whole state as bytes; the same state gives the same bytes on every machine.
    ///
    /// Decoding in the middle of any input gives bit-identical later output. Layout, numbers
    /// little-endian or LEB128: magic, version, newest time; series with their recent times,
    /// oldest first, as differences; definitions with their open windows by start and series;
    /// XXHash64 of all that.
    public func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.fixed(Self.snapshotMagic)
        writer.varint(Self.snapshotVersion)
        writer.fixed(newestTime)
        writer.varint(UInt64(series.count))
        for (id, key) in series.keys.enumerated() {
            writer.text(key.device)
            writer.text(key.sensor)
            let times = recent.times(of: id)
            writer.varint(UInt64(times.count))
            var previous: Int64 = 0
            for time in times {
                writer.zigzag(time &- previous)
                previous = time
            }
        }
        writer.varint(UInt64(states.count))
        for state in states { Self.encode(state, &writer) }
        let hash = writer.bytes.withUnsafeBytes { XXHash64.hash($0) }
        writer.fixed(hash)
        return writer.bytes
    }

    /// Continues from a snapshot, and says which definitions it did not cover.
    ///
    /// A definition keeps its state when name and size are the same; a new lateness or filter
    /// holds for what comes. One that starts empty sees only later events, its first window may
    /// be partial: rebuild it from the log where that matters.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` when the bytes are damaged, `.unsupported` for a
    ///   snapshot of another version.
    public init(
        definitions: [WindowDefinition],
        decoding bytes: [UInt8]
    ) throws {
        var changes: [DefinitionChange] = []
        try self.init(definitions: definitions, decoding: bytes, changes: &changes)
    }

    /// Continues from a snapshot; `changes` gets what ``init(definitions:decoding:)`` hides.
    public init(
        definitions: [WindowDefinition],
        decoding bytes: [UInt8],
        changes: inout [DefinitionChange]
    ) throws {
        self.init(definitions: definitions)
        guard bytes.count >= 16 else { throw ByteReader.damaged("it ends early") }
        let body = bytes[..<(bytes.count - 8)]
        var reader = ByteReader(bytes[(bytes.count - 8)...])
        let expected = try reader.fixed()
        let actual = body.withUnsafeBytes { XXHash64.hash($0) }
        guard actual == expected else { throw ByteReader.damaged("its checksum does not match") }
        reader = ByteReader(body)
        guard try reader.fixed() == Self.snapshotMagic else {
            throw ByteReader.damaged("it is not a window snapshot")
        }
        let version = try reader.varint()
        guard version == Self.snapshotVersion else {
            throw FleetError(
                .unsupported,
                "the window snapshot has version \(version), this program reads 1",
                hint: "use the version of the program that wrote it"
            )
        }
        newestTime = try reader.signed()
        try decodeSeries(&reader)
        var known: [String] = []
        for _ in 0..<(try reader.count()) {
            try decodeDefinition(&reader, known: &known, changes: &changes)
        }
        guard reader.remaining == 0 else { throw ByteReader.damaged("it has extra bytes") }
        for definition in definitions where !known.contains(definition.name) {
            changes.append(.started(definition.name))
        }
    }

    private static func encode(_ state: DefinitionWindows, _ writer: inout ByteWriter) {
        writer.text(state.definition.name)
        writer.fixed(state.size)
        writer.fixed(state.closedThrough)
        let windows = state.open.sortedSlots()
        writer.varint(UInt64(windows.count))
        for window in windows {
            let values = window.accumulator
            writer.varint(UInt64(window.series))
            writer.fixed(window.start)
            writer.varint(UInt64(values.count))
            writer.fixed(values.firstTime)
            writer.fixed(values.lastTime)
            for value in [
                values.min, values.max, values.first, values.last, values.shift,
                values.deviations.high, values.deviations.low, values.squares.high,
                values.squares.low,
            ] { writer.fixed(value) }
        }
    }

    private mutating func decodeSeries(_ reader: inout ByteReader) throws {
        for id in 0..<(try reader.count()) {
            let device = try reader.text()
            let sensor = try reader.text()
            let added = try device.withUnsafeBytes { device in
                try sensor.withUnsafeBytes { sensor in
                    guard SeriesKey.isAllowed(device), SeriesKey.isAllowed(sensor) else {
                        throw ByteReader.damaged("a series name is not allowed")
                    }
                    return series.insert(device: device, sensor: sensor)
                }
            }
            guard Int(added) == id else { throw ByteReader.damaged("a series is there twice") }
            recent.grow(to: id + 1)
            let count = try reader.count()
            guard count <= RecentTimes.capacity else {
                throw ByteReader.damaged("a series has too many recent times")
            }
            var time: Int64 = 0
            for _ in 0..<count {
                time &+= try reader.zigzag()
                guard recent.insert(time, series: id) else {
                    throw ByteReader.damaged("a recent time is there twice")
                }
            }
        }
    }

    private mutating func decodeDefinition(
        _ reader: inout ByteReader,
        known: inout [String],
        changes: inout [DefinitionChange]
    ) throws {
        let name = String(decoding: try reader.text(), as: UTF8.self)
        let size = try reader.signed()
        let closedThrough = try reader.signed()
        guard size > 0, !known.contains(name) else {
            throw ByteReader.damaged("a definition is not valid")
        }
        known.append(name)
        let index = states.firstIndex { $0.definition.name == name }
        let target = index.flatMap { states[$0].size == size ? $0 : nil }
        if index == nil { changes.append(.dropped(name)) }
        if index != nil, target == nil { changes.append(.restarted(name)) }
        if let target {
            states[target].closedThrough = closedThrough
            states[target].open.grow(to: series.count)
        }
        for _ in 0..<(try reader.count()) {
            let id = try reader.varint()
            let start = try reader.signed()
            let accumulator = try Accumulator(&reader)
            guard id < UInt64(series.count) else {
                throw ByteReader.damaged("an open window is not valid")
            }
            guard let target else { continue }
            guard states[target].open.restore(series: UInt32(id), start: start, accumulator)
            else { throw ByteReader.damaged("an open window is there twice") }
        }
    }
}

extension Accumulator {
    init(_ reader: inout ByteReader) throws {
        let count = try reader.varint()
        guard count >= 1, count <= UInt64(Int64.max) else {
            throw ByteReader.damaged("a count is out of range")
        }
        let firstTime = try reader.signed()
        let lastTime = try reader.signed()
        self.init(time: firstTime, value: 0)
        self.count = Int64(count)
        self.lastTime = lastTime
        min = try reader.double()
        max = try reader.double()
        first = try reader.double()
        last = try reader.double()
        shift = try reader.double()
        deviations = DoubleDouble(try reader.double(), try reader.double())
        squares = DoubleDouble(try reader.double(), try reader.double())
    }
}
