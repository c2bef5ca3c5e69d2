#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Names as logs keep them: lengths in one row, bytes in another.
extension SeriesDictionary {
    /// For the length of a sensor: it is that of the key before, and its bytes are left out.
    public static let sameSensor = UInt16.max

    /// Takes names that are known to be distinct; nil when the lengths are not theirs.
    ///
    /// `lengths` holds two little-endian 16-bit numbers a key: bytes of the device and the sensor, or
    /// ``sameSensor``. The first look-up that may add a key pays for the index.
    public init?(distinctNames names: UnsafeRawBufferPointer, lengths: UnsafeRawBufferPointer) {
        self.init()
        guard let byteCount = Self.nameByteCount(lengths, of: names) else { return nil }
        let count = lengths.count / 4
        spans = [Span](unsafeUninitializedCapacity: count) { spans, spanCount in
            bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { bytes, filled in
                Self.unfold(names, lengths, UnsafeMutableRawBufferPointer(bytes), spans)
                filled = byteCount
            }
            spanCount = count
        }
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

    /// Copies checked names, each with its sensor.
    private static func unfold(
        _ names: UnsafeRawBufferPointer,
        _ lengths: UnsafeRawBufferPointer,
        _ target: UnsafeMutableRawBufferPointer,
        _ spans: UnsafeMutableBufferPointer<Span>
    ) {
        guard let source = names.baseAddress, let start = target.baseAddress else {
            spans.initialize(repeating: Span(start: 0, device: 0, sensor: 0))
            return
        }
        var (from, to, sensorAt, sensorCount) = (0, 0, 0, 0)
        for index in spans.indices {
            let (device, sensor) = pair(lengths, index)
            let deviceCount = Int(device)
            if sensor == sameSensor {
                (start + to).copyMemory(from: source + from, byteCount: deviceCount)
                (start + to + deviceCount)
                    .copyMemory(from: start + sensorAt, byteCount: sensorCount)
                from &+= deviceCount
            } else {
                sensorCount = Int(sensor)
                (start + to)
                    .copyMemory(from: source + from, byteCount: deviceCount &+ sensorCount)
                from &+= deviceCount &+ sensorCount
            }
            spans.initializeElement(
                at: index,
                to: Span(start: to, device: deviceCount, sensor: sensorCount)
            )
            sensorAt = to &+ deviceCount
            to = sensorAt &+ sensorCount
        }
    }

    /// Whether two keys have sensors of one name.
    public func hasSameSensor(_ left: UInt32, _ right: UInt32) -> Bool {
        let (left, right) = (spans[Int(left)], spans[Int(right)])
        guard left.sensor == right.sensor else { return false }
        return bytes.withUnsafeBytes { all in
            guard let start = all.baseAddress else { return true }
            return memcmp(
                start + left.start + left.device,
                start + right.start + right.device,
                left.sensor
            ) == 0
        }
    }

    /// Writes the bytes of a key's names, the device's first; answers how many.
    @inlinable
    @inline(__always)
    public func copyNames(
        of id: UInt32,
        to target: UnsafeMutableRawPointer,
        withSensor: Bool = true
    ) -> Int {
        let span = spans[Int(id)]
        let count = span.device &+ (withSensor ? span.sensor : 0)
        bytes.withUnsafeBytes { all in
            guard let start = all.baseAddress else { return }
            target.copyMemory(from: start + span.start, byteCount: count)
        }
        return count
    }
}
