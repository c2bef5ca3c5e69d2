#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Interns series keys into dense ids, in order of first appearance.
///
/// Look-ups work on bytes and allocate nothing; a `String` is made only for a new key. The ids
/// are local to one dictionary: batches carry their own, services map between them.
public struct SeriesDictionary: Sendable {
    /// The key of each id.
    public private(set) var keys: [SeriesKey] = []
    private var bytes: [UInt8] = []
    /// Per id: where its bytes start, the device length and the sensor length.
    private var spans: [(start: Int, device: UInt16, sensor: UInt16)] = []
    private var hashes: [UInt64] = []
    /// Open addressing over a power of two of slots; 0 is empty, else id + 1.
    private var slots: [UInt32] = Array(repeating: 0, count: 16)

    public init() {}

    public init(_ keys: some Sequence<SeriesKey>) {
        for key in keys { _ = insert(key) }
    }

    public var count: Int { keys.count }

    /// The id of a key, added when new.
    public mutating func insert(_ key: SeriesKey) -> UInt32 {
        var device = key.device
        var sensor = key.sensor
        return device.withUTF8 { device in
            sensor.withUTF8 { sensor in
                insert(
                    device: UnsafeRawBufferPointer(device),
                    sensor: UnsafeRawBufferPointer(sensor)
                )
            }
        }
    }

    /// The id of the key with these UTF-8 bytes, added when new; the bytes must be valid names.
    public mutating func insert(
        device: UnsafeRawBufferPointer,
        sensor: UnsafeRawBufferPointer
    ) -> UInt32 {
        let hash = Self.hash(device, sensor)
        let slot = find(hash, device, sensor)
        if slots[slot] != 0 { return slots[slot] - 1 }
        let id = UInt32(keys.count)
        spans.append((bytes.count, UInt16(device.count), UInt16(sensor.count)))
        bytes.append(contentsOf: device)
        bytes.append(contentsOf: sensor)
        hashes.append(hash)
        keys.append(
            SeriesKey(
                uncheckedDevice: String(decoding: device, as: UTF8.self),
                sensor: String(decoding: sensor, as: UTF8.self)
            )
        )
        slots[slot] = id + 1
        if keys.count * 2 > slots.count { grow() }
        return id
    }

    /// The id of a key, nil when it was never inserted.
    public func id(of key: SeriesKey) -> UInt32? {
        var device = key.device
        var sensor = key.sensor
        let slot = device.withUTF8 { device in
            sensor.withUTF8 { sensor in
                let device = UnsafeRawBufferPointer(device)
                let sensor = UnsafeRawBufferPointer(sensor)
                return find(Self.hash(device, sensor), device, sensor)
            }
        }
        return slots[slot] == 0 ? nil : slots[slot] - 1
    }

    private static func hash(
        _ device: UnsafeRawBufferPointer,
        _ sensor: UnsafeRawBufferPointer
    ) -> UInt64 {
        XXHash64.hash(sensor, seed: XXHash64.hash(device))
    }

    private func find(
        _ hash: UInt64,
        _ device: UnsafeRawBufferPointer,
        _ sensor: UnsafeRawBufferPointer
    ) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            let id = Int(slots[slot] - 1)
            if hashes[id] == hash, matches(id, device, sensor) { break }
            slot = (slot + 1) & mask
        }
        return slot
    }

    private func matches(
        _ id: Int,
        _ device: UnsafeRawBufferPointer,
        _ sensor: UnsafeRawBufferPointer
    ) -> Bool {
        let span = spans[id]
        guard Int(span.device) == device.count, Int(span.sensor) == sensor.count else {
            return false
        }
        return bytes.withUnsafeBytes { all in
            guard let start = all.baseAddress.map({ $0 + span.start }) else { return false }
            return Self.equal(start, device) && Self.equal(start + device.count, sensor)
        }
    }

    private static func equal(_ start: UnsafeRawPointer, _ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.baseAddress.map { memcmp(start, $0, bytes.count) == 0 } ?? true
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: slots.count * 2)
        let mask = slots.count - 1
        for (id, hash) in hashes.enumerated() {
            var slot = Int(truncatingIfNeeded: hash) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = UInt32(id) + 1
        }
    }
}

extension SeriesKey {
    /// The partition of this key's device: stable for ever for a given partition count.
    public func partition(of count: Int) -> Int {
        Int(XXHash64.hash(device) % UInt64(count))
    }
}
