#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The bytes of a key where they lie.
///
/// - Concurrency: valid while the pack or batch that they lie in is.
package struct KeyBytes {
    package let device: UnsafeRawBufferPointer
    /// Empty for the model of a whole device.
    package let sensor: UnsafeRawBufferPointer

    package init(device: UnsafeRawBufferPointer, sensor: UnsafeRawBufferPointer) {
        self.device = device
        self.sensor = sensor
    }

    /// Below, at or above 0 as this key comes before, is, or comes after another.
    @inline(__always)
    package func compared(to other: KeyBytes) -> Int {
        let order = Self.compare(device, other.device)
        return order != 0 ? order : Self.compare(sensor, other.sensor)
    }

    @inline(__always)
    private static func compare(
        _ left: UnsafeRawBufferPointer,
        _ right: UnsafeRawBufferPointer
    ) -> Int {
        let common = min(left.count, right.count)
        if common > 0, let first = left.baseAddress, let second = right.baseAddress {
            let order = memcmp(first, second, common)
            if order != 0 { return Int(order) }
        }
        return left.count - right.count
    }
}
