#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Interns series keys into dense ids, in order of first appearance.
///
/// Names are kept as bytes: neither a look-up nor a new key makes a `String`. The ids are local to
/// one dictionary: batches carry their own, services map between them.
///
/// - Range: device and sensor have at most ``partByteCountMax`` bytes each.
/// - Complexity: O(1) a look-up; 27 to 37 bytes a key beside its names.
public struct SeriesDictionary: Sendable {
    /// The names of all keys, one after another.
    @usableFromInline var bytes: [UInt8] = []
    @usableFromInline var spans: [Span] = []
    /// Of the first keys; those of the others are not computed yet.
    var hashes: [UInt64] = []
    /// What the process calls the first keys; empty without a numbering.
    @usableFromInline var numbers: [SeriesNumber] = []
    /// Who gave the numbers.
    public var numbering: SeriesNumbers?
    /// Open addressing over a power of two of slots; 0 is empty, else a part of the hash above
    /// id + 1, so that most look-ups read the names of one key only.
    @usableFromInline var slots: [UInt64] = []

    /// More than the names of events may have, so that a few bytes hold lengths.
    public static let partByteCountMax = 1023

    /// Where the names of a key are: 44 bits of position, 10 bits for each length.
    @usableFromInline
    struct Span: Sendable {
        @usableFromInline let packed: UInt64

        @inlinable
        @inline(__always)
        init(start: Int, device: Int, sensor: Int) {
            packed = UInt64(start) << 20 | UInt64(device) << 10 | UInt64(sensor)
        }

        @inlinable @inline(__always) var start: Int { Int(packed >> 20) }
        @inlinable @inline(__always) var device: Int { Int(packed >> 10 & 1023) }
        @inlinable @inline(__always) var sensor: Int { Int(packed & 1023) }
        /// The two lengths, to compare both at once.
        @inline(__always) var lengths: UInt64 { packed & 0xF_FFFF }
    }

    public init() {}

    public init(_ keys: some Sequence<SeriesKey>) {
        for key in keys { _ = insert(key) }
    }

    @inlinable
    public var count: Int { spans.count }
    public var isEmpty: Bool { spans.isEmpty }

    /// The key of each id, made when it is asked for.
    public var keys: SeriesKeys { SeriesKeys(dictionary: self) }

    /// Makes room for so many keys without growing in between.
    public mutating func reserveCapacity(_ count: Int, nameByteCount: Int = 0) {
        spans.reserveCapacity(count)
        hashes.reserveCapacity(count)
        bytes.reserveCapacity(nameByteCount)
        var slotCount = max(16, slots.count)
        while count * 4 > slotCount * 3 { slotCount *= 2 }
        if slotCount > slots.count { rehash(slotCount) }
    }

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
        insert(device: device, sensor: sensor, hash: SeriesHash.hash(device, sensor))
    }

    /// The id of a key of another dictionary, added when new; makes no `String`.
    public mutating func insert(id: UInt32, of other: SeriesDictionary) -> UInt32 {
        prepareToInsert()
        let span = other.spans[Int(id)]
        let hash = other.hash(of: id)
        // Both names lie together in either dictionary: one comparison, one copy.
        return other.bytes.withUnsafeBytes { all in
            let names = UnsafeRawBufferPointer(
                rebasing: all[span.start..<(span.start &+ span.device &+ span.sensor)]
            )
            let (slot, found) = find(hash, span.lengths) { Self.equal($0, names) }
            if let found { return found }
            let id = UInt32(spans.count)
            spans.append(Span(start: bytes.count, device: span.device, sensor: span.sensor))
            bytes.append(contentsOf: names)
            hashes.append(hash)
            slots[slot] = Self.entry(hash, id)
            return id
        }
    }

    /// Bytes of the device's and of the sensor's name.
    @inlinable
    public func nameByteCounts(of id: UInt32) -> (device: Int, sensor: Int) {
        let span = spans[Int(id)]
        return (span.device, span.sensor)
    }

    /// As ``insert(device:sensor:)`` for a hash that ``SeriesHash/hash(_:_:)`` gave.
    public mutating func insert(
        device: UnsafeRawBufferPointer,
        sensor: UnsafeRawBufferPointer,
        hash: UInt64
    ) -> UInt32 {
        prepareToInsert()
        let (slot, found) = find(hash, device, sensor)
        if let found { return found }
        precondition(
            device.count <= Self.partByteCountMax && sensor.count <= Self.partByteCountMax,
            "the names of a key are checked before it is interned"
        )
        let id = UInt32(spans.count)
        spans.append(Span(start: bytes.count, device: device.count, sensor: sensor.count))
        bytes.append(contentsOf: device)
        bytes.append(contentsOf: sensor)
        hashes.append(hash)
        slots[slot] = Self.entry(hash, id)
        return id
    }

    /// The id of a key, nil when it was never inserted.
    public func id(of key: SeriesKey) -> UInt32? {
        var device = key.device
        var sensor = key.sensor
        return device.withUTF8 { device in
            sensor.withUTF8 { sensor in
                let device = UnsafeRawBufferPointer(device)
                let sensor = UnsafeRawBufferPointer(sensor)
                return id(device: device, sensor: sensor, hash: SeriesHash.hash(device, sensor))
            }
        }
    }

    /// The id of the key with these UTF-8 bytes, nil when it was never inserted.
    public func id(device: UnsafeRawBufferPointer, sensor: UnsafeRawBufferPointer) -> UInt32? {
        id(device: device, sensor: sensor, hash: SeriesHash.hash(device, sensor))
    }

    /// The id of a key of another dictionary, nil when it was never inserted here.
    public func id(of id: UInt32, in other: SeriesDictionary) -> UInt32? {
        other.withBytes(of: id) {
            self.id(device: $0, sensor: $1, hash: other.hash(of: id))
        }
    }

    private func id(
        device: UnsafeRawBufferPointer,
        sensor: UnsafeRawBufferPointer,
        hash: UInt64
    ) -> UInt32? {
        // Keys that came with numbers are not in the slots before a key without one comes.
        guard slots.isEmpty || hashes.count < spans.count else {
            return find(hash, device, sensor).id
        }
        let lengths = Self.lengths(device, sensor)
        return spans.indices.first { id in
            matches(UInt32(id), lengths) { names in
                Self.equal(names, device) && Self.equal(names + device.count, sensor)
            }
        }.map(UInt32.init)
    }

    /// The hash of a key's names; the same in all dictionaries of this process.
    public func hash(of id: UInt32) -> UInt64 {
        guard Int(id) >= hashes.count else { return hashes[Int(id)] }
        return withBytes(of: id) { SeriesHash.hash($0, $1) }
    }

    /// The bytes of a key's names.
    @inlinable
    @inline(__always)
    public func withBytes<Result>(
        of id: UInt32,
        _ body: (_ device: UnsafeRawBufferPointer, _ sensor: UnsafeRawBufferPointer) throws ->
            Result
    ) rethrows -> Result {
        let span = spans[Int(id)]
        return try bytes.withUnsafeBytes { all in
            let middle = span.start &+ span.device
            return try body(
                UnsafeRawBufferPointer(rebasing: all[span.start..<middle]),
                UnsafeRawBufferPointer(rebasing: all[middle..<(middle &+ span.sensor)])
            )
        }
    }

    /// The names of all keys in the order of their ids, each device before its sensor.
    public var allNames: [UInt8] { bytes }

    /// Bytes of both names of a key together.
    @inlinable
    public func nameByteCount(of id: UInt32) -> Int {
        let span = spans[Int(id)]
        return span.device &+ span.sensor
    }

    /// Whether a key comes before another in the order of ``SeriesKey``.
    public func precedes(_ left: UInt32, _ right: UInt32) -> Bool {
        withBytes(of: left) { leftDevice, leftSensor in
            withBytes(of: right) { rightDevice, rightSensor in
                let order = Self.compare(leftDevice, rightDevice)
                return order == 0 ? Self.compare(leftSensor, rightSensor) < 0 : order < 0
            }
        }
    }

    private static func compare(
        _ left: UnsafeRawBufferPointer,
        _ right: UnsafeRawBufferPointer
    ) -> Int {
        let count = min(left.count, right.count)
        if count > 0, let a = left.baseAddress, let b = right.baseAddress {
            let order = memcmp(a, b, count)
            if order != 0 { return Int(order) }
        }
        return left.count - right.count
    }

    /// The slot of a key, or the empty one where it belongs.
    @inline(__always)
    private func find(
        _ hash: UInt64,
        _ device: UnsafeRawBufferPointer,
        _ sensor: UnsafeRawBufferPointer
    ) -> (slot: Int, id: UInt32?) {
        find(hash, Self.lengths(device, sensor)) { names in
            Self.equal(names, device) && Self.equal(names + device.count, sensor)
        }
    }

    /// The slot of a key with names of these lengths that a comparison accepts.
    @inline(__always)
    private func find(
        _ hash: UInt64,
        _ lengths: UInt64,
        _ isSame: (_ names: UnsafeRawPointer) -> Bool
    ) -> (slot: Int, id: UInt32?) {
        slots.withUnsafeBufferPointer { slots in
            let mask = slots.count &- 1
            var slot = Int(truncatingIfNeeded: hash) & mask
            while true {
                let entry = slots[slot]
                if entry == 0 { return (slot, nil) }
                if entry >> 32 == hash >> 32 {
                    let id = UInt32(truncatingIfNeeded: entry) &- 1
                    if matches(id, lengths, isSame) { return (slot, id) }
                }
                slot = (slot &+ 1) & mask
            }
        }
    }

    private static func lengths(
        _ device: UnsafeRawBufferPointer,
        _ sensor: UnsafeRawBufferPointer
    ) -> UInt64 {
        UInt64(device.count) << 10 | UInt64(sensor.count)
    }

    @inline(__always)
    private func matches(
        _ id: UInt32,
        _ lengths: UInt64,
        _ isSame: (_ names: UnsafeRawPointer) -> Bool
    ) -> Bool {
        let span = spans[Int(id)]
        guard span.lengths == lengths else { return false }
        return bytes.withUnsafeBytes { all in
            all.baseAddress.map { isSame($0 + span.start) } ?? true
        }
    }

    @inline(__always)
    private static func equal(_ start: UnsafeRawPointer, _ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.baseAddress.map { memcmp(start, $0, bytes.count) == 0 } ?? true
    }

    private static func entry(_ hash: UInt64, _ id: UInt32) -> UInt64 {
        (hash & ~0xFFFF_FFFF) | UInt64(id &+ 1)
    }

    /// Makes the slots hold every key, and room for one more.
    @inline(__always)
    private mutating func prepareToInsert() {
        let isFull = (spans.count + 1) * 4 > slots.count * 3
        if isFull || hashes.count < spans.count {
            rehash(max(16, isFull ? slots.count * 2 : slots.count))
        }
    }

    private mutating func rehash(_ wantedCount: Int) {
        var slotCount = wantedCount
        while (spans.count + 1) * 4 > slotCount * 3 { slotCount *= 2 }
        computeHashes()
        slots = Array(repeating: 0, count: slotCount)
        let mask = slotCount - 1
        slots.withUnsafeMutableBufferPointer { slots in
            for (id, hash) in hashes.enumerated() {
                var slot = Int(truncatingIfNeeded: hash) & mask
                while slots[slot] != 0 { slot = (slot &+ 1) & mask }
                slots[slot] = Self.entry(hash, UInt32(id))
            }
        }
    }
}
