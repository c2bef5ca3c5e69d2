import Core

/// What a snapshot and the definitions it is read for do not share.
public enum DefinitionChange: Sendable, Equatable {
    /// The snapshot does not know this definition: it starts empty.
    case started(String)
    /// The definition has other windows than in the snapshot: it starts empty again.
    case restarted(String)
    /// The snapshot's state of this name was dropped: no definition has it.
    case dropped(String)
}

extension PartitionWindows {
    /// Continues from a snapshot, and says which definitions it did not cover.
    ///
    /// A definition keeps its state when its name, kind, lengths and watermark are the same, and
    /// quantiles are not asked for anew; a new lateness, filter or late policy holds for what
    /// comes. One that starts empty sees only later events, its first window may be partial:
    /// rebuild it from the log where that matters. What was closed stays closed in any case, and
    /// windows that begin before the newest event are then not corrected any more: what is late
    /// for them is reported. Snapshots of versions 1 and 2 are read too.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` when the bytes are damaged, `.unsupported` for a
    ///   snapshot of another version.
    public init(
        definitions: [WindowDefinition],
        seriesCountMax: Int = PartitionWindows.seriesCountLimit,
        decoding bytes: [UInt8]
    ) throws {
        var changes: [DefinitionChange] = []
        try self.init(
            definitions: definitions,
            seriesCountMax: seriesCountMax,
            decoding: bytes,
            changes: &changes
        )
    }

    /// Continues from a snapshot; `changes` gets what is not covered.
    public init(
        definitions: [WindowDefinition],
        seriesCountMax: Int = PartitionWindows.seriesCountLimit,
        decoding bytes: [UInt8],
        changes: inout [DefinitionChange]
    ) throws {
        self.init(definitions: definitions, seriesCountMax: seriesCountMax)
        try bytes.withUnsafeBytes { try decode($0, changes: &changes) }
    }

    private mutating func decode(
        _ bytes: UnsafeRawBufferPointer,
        changes: inout [DefinitionChange]
    ) throws {
        guard bytes.count >= 16 else { throw ByteReader.damaged("it ends early") }
        let body = UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - 8)])
        var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[(bytes.count - 8)...]))
        guard try reader.fixed() == XXHash64.hash(body) else {
            throw ByteReader.damaged("its checksum does not match")
        }
        reader = ByteReader(body)
        guard try reader.fixed() == Self.snapshotMagic else {
            throw ByteReader.damaged("it is not a window snapshot")
        }
        let version = try reader.varint()
        guard (1...Self.snapshotVersion).contains(version) else {
            throw FleetError(
                .unsupported,
                "the window snapshot has version \(version), this program reads 1 to 3",
                hint: "use the version of the program that wrote it"
            )
        }
        newestTime =
            try version == 1
            ? Self.inRange(reader.signed()) : reader.time(within: Self.timeMax)
        try decodeSeries(&reader, version: version)
        keys.addDevices()
        for index in states.indices {
            states[index].prepare(
                seriesCount: keys.series.count,
                deviceCount: keys.devices.count
            )
        }
        var known: [String] = []
        for _ in 0..<(try reader.count()) {
            try decodeDefinition(&reader, version: version, known: &known, changes: &changes)
        }
        guard reader.remaining == 0 else { throw ByteReader.damaged("it has extra bytes") }
        for index in states.indices where !known.contains(definitions[index].name) {
            changes.append(.started(definitions[index].name))
            states[index].start(newest: newestTime, clocks, keys, after: nil)
        }
    }

    private static func inRange(_ time: Int64) -> Int64 {
        time == Int64.min ? time : max(-timeMax, min(timeMax, time))
    }

    private mutating func decodeSeries(_ reader: inout ByteReader, version: UInt64) throws {
        let seriesCount = try reader.count()
        clocks.makeUnique()
        keys.series.reserveCapacity(seriesCount)
        for id in 0..<seriesCount {
            let device = try reader.text()
            let sensor = try reader.text()
            guard SeriesKey.isAllowed(device), SeriesKey.isAllowed(sensor) else {
                throw ByteReader.damaged("a series name is not allowed")
            }
            guard Int(keys.series.insert(device: device, sensor: sensor)) == id else {
                throw ByteReader.damaged("a series is there twice")
            }
            clocks.grow(to: id + 1)
            try decodeTimes(&reader, series: id, version: version)
        }
    }

    private mutating func decodeTimes(
        _ reader: inout ByteReader,
        series: Int,
        version: UInt64
    ) throws {
        let count = try reader.count()
        guard count <= SeriesClocks.capacity else {
            throw ByteReader.damaged("a series has too many recent times")
        }
        var times: [Int64] = []
        var time: Int64 = 0
        for _ in 0..<count {
            time &+= try reader.zigzag()
            let kept = Self.inRange(time)
            // Only a snapshot of version 1 has times that are out of range.
            guard !times.contains(kept), version == 1 || kept == time else {
                throw ByteReader.damaged("a recent time is there twice or out of range")
            }
            times.append(kept)
        }
        let newest = version == 1 ? times.max() ?? 0 : time &+ (try reader.zigzag())
        guard count > 0 || version == 1, Self.inRange(newest) == newest, newest != Int64.min else {
            throw ByteReader.damaged("a newest time is out of range")
        }
        if count > 0 { clocks.restore(series: series, times: times, newest: newest) }
    }

    private mutating func decodeDefinition(
        _ reader: inout ByteReader,
        version: UInt64,
        known: inout [String],
        changes: inout [DefinitionChange]
    ) throws {
        let name = String(decoding: try reader.text(), as: UTF8.self)
        guard !known.contains(name) else {
            throw ByteReader.damaged("a definition is there twice")
        }
        known.append(name)
        let shape = try WindowShape(&reader, version: version)
        let index = states.firstIndex { $0.definition.name == name }
        let target = index.flatMap { states[$0].shape.continues(shape) ? $0 : nil }
        if index == nil { changes.append(.dropped(name)) }
        if index != nil, target == nil { changes.append(.restarted(name)) }
        if let target {
            try states[target].decode(&reader, shape, version: version, keys, newest: newestTime)
        } else {
            var ignored = try DefinitionWindows(ignoring: shape)
            ignored.prepare(seriesCount: keys.series.count, deviceCount: 0)
            let marks = try ignored.decode(
                &reader,
                shape,
                version: version,
                keys,
                newest: newestTime
            )
            guard let index else { return }
            states[index].start(
                newest: newestTime,
                clocks,
                keys,
                after: states[index].shape.hasBounds(of: shape) ? marks : nil
            )
        }
    }
}
