/// The hash of series names in memory: fast for short names, different in every process.
///
/// Its secrets are drawn at start, so that nobody who chooses names can choose collisions. What is
/// written down is hashed by ``XXHash64``.
///
/// - Source: Wang Yi, wyhash: multiply two words to 128 bits and fold.
public enum SeriesHash {
    private static let secrets: (UInt64, UInt64, UInt64) = (
        .random(in: .min ... .max) | 1, .random(in: .min ... .max) | 1,
        .random(in: .min ... .max) | 1
    )

    /// The hash of a key's names; where the device ends counts.
    public static func hash(
        _ device: UnsafeRawBufferPointer,
        _ sensor: UnsafeRawBufferPointer
    ) -> UInt64 {
        let secrets = secrets
        return mix(sensor, mix(device, secrets.2, secrets), secrets)
    }

    @inline(__always)
    private static func mix(
        _ bytes: UnsafeRawBufferPointer,
        _ seed: UInt64,
        _ secrets: (UInt64, UInt64, UInt64)
    ) -> UInt64 {
        var seed = seed ^ UInt64(truncatingIfNeeded: bytes.count) &* secrets.1
        var offset = 0
        while bytes.count &- offset > 16 {
            seed = fold(word(bytes, offset) ^ secrets.0, word(bytes, offset &+ 8) ^ seed)
            offset &+= 16
        }
        let (head, tail) = ends(bytes, from: offset)
        return fold(head ^ secrets.0, tail ^ seed) ^ seed
    }

    /// The last 1 to 16 bytes as two words that overlap; zeros when there are none.
    @inline(__always)
    private static func ends(
        _ bytes: UnsafeRawBufferPointer,
        from offset: Int
    ) -> (UInt64, UInt64) {
        let count = bytes.count &- offset
        if count >= 8 { return (word(bytes, offset), word(bytes, bytes.count &- 8)) }
        if count >= 4 {
            let head = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
            let tail = bytes.loadUnaligned(fromByteOffset: bytes.count &- 4, as: UInt32.self)
            return (UInt64(head), UInt64(tail))
        }
        guard count > 0 else { return (0, 0) }
        let middle = bytes[offset &+ count / 2]
        return (UInt64(bytes[offset]) << 8 | UInt64(middle), UInt64(bytes[bytes.count &- 1]))
    }

    @inline(__always)
    private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    @inline(__always)
    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}
