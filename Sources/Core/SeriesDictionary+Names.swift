/// Names as logs keep them: lengths in one row, bytes in another.
extension SeriesDictionary {
    /// For the length of a sensor: it is that of the key before, and its bytes are left out.
    public static let sameSensor = UInt16.max

    /// Takes names that are known to be distinct; nil when the lengths are not theirs.
    ///
    /// `lengths` holds two little-endian 16-bit numbers a key: bytes of the device and the sensor,
    /// or ``sameSensor``. The first look-up that may add a key pays for the index.
    public init?(distinctNames names: UnsafeRawBufferPointer, lengths: UnsafeRawBufferPointer) {
        self.init()
        guard append(distinctNames: names, lengths: lengths) else { return nil }
    }

    /// Appends keys with names that are distinct; false when the lengths are not theirs.
    public mutating func append(
        distinctNames names: UnsafeRawBufferPointer,
        lengths: UnsafeRawBufferPointer
    ) -> Bool {
        guard let byteCount = Self.nameByteCount(lengths, of: names) else { return false }
        spans.reserveCapacity(spans.count + lengths.count / 4)
        let start = bytes.count
        // Copies may write some bytes too far.
        bytes.append(contentsOf: repeatElement(0, count: byteCount + 32))
        bytes.withUnsafeMutableBytes { all in
            let room = UnsafeMutableRawBufferPointer(rebasing: all[start...])
            Self.unfold(names, lengths, room, at: start, &spans)
        }
        bytes.removeLast(32)
        return true
    }

    /// The bytes of all names once none is left out; nil when lengths are wrong.
    private static func nameByteCount(
        _ lengths: UnsafeRawBufferPointer,
        of names: UnsafeRawBufferPointer
    ) -> Int? {
        var (given, all, last) = (0, 0, -1)
        for index in 0..<(lengths.count / 4) {
            let (device, sensor) = pair(lengths, index)
            guard device <= partByteCountMax else { return nil }
            if sensor != sameSensor {
                guard sensor <= partByteCountMax else { return nil }
                last = Int(sensor)
                given &+= last
            }
            guard last >= 0 else { return nil }
            given &+= Int(device)
            all &+= Int(device) &+ last
        }
        return given == names.count ? all : nil
    }

    private static func pair(_ lengths: UnsafeRawBufferPointer, _ index: Int) -> (UInt16, UInt16) {
        let both = UInt32(
            littleEndian: lengths.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self)
        )
        return (UInt16(truncatingIfNeeded: both), UInt16(truncatingIfNeeded: both >> 16))
    }

    /// Copies checked names, each with its sensor, and says where they are; 32 bytes behind them
    /// may be overwritten.
    private static func unfold(
        _ names: UnsafeRawBufferPointer,
        _ lengths: UnsafeRawBufferPointer,
        _ target: UnsafeMutableRawBufferPointer,
        at position: Int,
        _ spans: inout [Span]
    ) {
        let (source, start) = (names.baseAddress, target.baseAddress)
        var (from, to, sensorAt, sensorCount) = (0, 0, 0, 0)
        for index in 0..<(lengths.count / 4) {
            let (device, sensor) = pair(lengths, index)
            let deviceCount = Int(device)
            let hasSame = sensor == sameSensor
            if !hasSame { sensorCount = Int(sensor) }
            if let source, let start {
                let given = deviceCount &+ (hasSame ? 0 : sensorCount)
                ShortCopy.copy(
                    given,
                    from: source + from,
                    to: start + to,
                    room: min(names.count &- from, target.count &- to)
                )
                if hasSame {
                    let place = to &+ deviceCount
                    ShortCopy.copy(
                        sensorCount,
                        from: start + sensorAt,
                        to: start + place,
                        room: target.count &- place
                    )
                }
                from &+= given
            }
            spans.append(Span(start: position &+ to, device: deviceCount, sensor: sensorCount))
            sensorAt = to &+ deviceCount
            to = sensorAt &+ sensorCount
        }
    }

    /// Whether two keys have sensors of one name.
    @inlinable
    @inline(__always)
    public func hasSameSensor(_ left: UInt32, _ right: UInt32) -> Bool {
        let (left, right) = (spans[Int(left)], spans[Int(right)])
        let count = left.sensor
        guard right.sensor == count else { return false }
        return bytes.withUnsafeBytes { all in
            Self.equal(all, left.start &+ left.device, right.start &+ right.device, count)
        }
    }

    /// Compares names, which are short, word by word without a call.
    @inlinable
    @inline(__always)
    static func equal(
        _ bytes: UnsafeRawBufferPointer,
        _ left: Int,
        _ right: Int,
        _ count: Int
    ) -> Bool {
        var at = 0
        while at &+ 8 <= count {
            guard word(bytes, left &+ at) == word(bytes, right &+ at) else { return false }
            at &+= 8
        }
        if at < count, count >= 8 {
            // The last word overlaps the one before.
            return word(bytes, left &+ count &- 8) == word(bytes, right &+ count &- 8)
        }
        while at < count {
            guard bytes[left &+ at] == bytes[right &+ at] else { return false }
            at &+= 1
        }
        return true
    }

    @inlinable
    @inline(__always)
    static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    /// Writes the bytes of a key's names, the device's first; answers how many.
    ///
    /// `room` is how many bytes may be overwritten, at least those of the names.
    @inlinable
    @inline(__always)
    public func copyNames(
        of id: UInt32,
        to target: UnsafeMutableRawPointer,
        room: Int,
        withSensor: Bool = true
    ) -> Int {
        let span = spans[Int(id)]
        let count = span.device &+ (withSensor ? span.sensor : 0)
        bytes.withUnsafeBytes { all in
            guard let start = all.baseAddress else { return }
            ShortCopy.copy(
                count,
                from: start + span.start,
                to: target,
                room: min(room, all.count &- span.start)
            )
        }
        return count
    }
}
