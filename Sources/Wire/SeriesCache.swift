internal import Core

/// A name in the input: not yet a `String`.
struct NameBytes {
    let start: UnsafePointer<UInt8>
    let count: Int

    init(start: UnsafePointer<UInt8>, count: Int) {
        self.start = start
        self.count = count
    }

    var raw: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    /// Sixteen bytes that, with the count, tell names of up to 16 bytes apart.
    @inline(__always)
    var words: (UInt64, UInt64) {
        let raw = UnsafeRawPointer(start)
        if count >= 8 {
            return (
                raw.loadUnaligned(as: UInt64.self),
                raw.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
            )
        }
        if count >= 4 {
            return (
                UInt64(raw.loadUnaligned(as: UInt32.self)),
                UInt64(raw.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
            )
        }
        guard count > 0 else { return (0, 0) }
        let ends = UInt64(start[0]) | UInt64(start[count &- 1]) << 8
        return (ends | UInt64(start[count >> 1]) << 16, 0)
    }
}

/// Remembers the ids of series with short names, in front of one batch's dictionary.
///
/// A direct-mapped table: whatever is not in it is looked up, checked and interned there.
struct SeriesCache {
    private struct Entry {
        var deviceHead: UInt64 = 0
        var deviceTail: UInt64 = 0
        var sensorHead: UInt64 = 0
        var sensorTail: UInt64 = 0
        /// Device bytes, sensor bytes and the id; 0 when empty, since names are not.
        var counts: UInt32 = 0
        var id: UInt32 = 0
    }

    private var entries: [Entry]
    private let mask: Int

    /// - Range: as many entries as suit a body of so many bytes, 16 to 8192.
    init(byteCount: Int) {
        var size = 16
        while size < 8192, size < byteCount / 64 { size *= 2 }
        entries = Array(repeating: Entry(), count: size)
        mask = size - 1
    }

    /// The id of a series, nil when one of the names is not allowed.
    @inline(__always)
    mutating func id(
        _ device: NameBytes,
        _ sensor: NameBytes,
        in series: inout SeriesDictionary
    ) -> UInt32? {
        guard device.count &- 1 < 16, sensor.count &- 1 < 16, device.count > 0, sensor.count > 0
        else { return insert(device, sensor, in: &series) }
        let (deviceHead, deviceTail) = device.words
        let (sensorHead, sensorTail) = sensor.words
        let counts = UInt32(truncatingIfNeeded: device.count << 8 | sensor.count)
        var hash = (deviceHead ^ deviceTail &* 31) &* 0x9E37_79B1_85EB_CA87
        hash = (hash ^ sensorHead ^ sensorTail &* 127) &* 0xC2B2_AE3D_27D4_EB4F
        let slot = Int(truncatingIfNeeded: hash >> 40) & mask
        let found = entries[slot]
        if found.counts == counts, found.deviceHead == deviceHead, found.deviceTail == deviceTail,
            found.sensorHead == sensorHead, found.sensorTail == sensorTail
        {
            return found.id
        }
        guard let id = insert(device, sensor, in: &series) else { return nil }
        entries[slot] = Entry(
            deviceHead: deviceHead,
            deviceTail: deviceTail,
            sensorHead: sensorHead,
            sensorTail: sensorTail,
            counts: counts,
            id: id
        )
        return id
    }

    private func insert(
        _ device: NameBytes,
        _ sensor: NameBytes,
        in series: inout SeriesDictionary
    ) -> UInt32? {
        guard SeriesKey.isAllowed(device.raw), SeriesKey.isAllowed(sensor.raw) else { return nil }
        return series.insert(device: device.raw, sensor: sensor.raw)
    }
}
