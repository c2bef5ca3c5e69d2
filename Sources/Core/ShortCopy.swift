/// Copies names, which are short, without a call.
@usableFromInline
enum ShortCopy {
    /// Copies bytes that do not overlap.
    ///
    /// Up to 32 bytes go as whole words, so that some behind them are read and written, too: as
    /// many as both sides have `room` for, which is at least `count`.
    @inlinable
    @inline(__always)
    static func copy(
        _ count: Int,
        from source: UnsafeRawPointer,
        to target: UnsafeMutableRawPointer,
        room: Int
    ) {
        if count <= 16, room >= 16 {
            store(source, target)
        } else if count <= 32, room >= 32 {
            store(source, target)
            store(source + 16, target + 16)
        } else {
            target.copyMemory(from: source, byteCount: count)
        }
    }

    @inlinable
    @inline(__always)
    static func store(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer) {
        target.storeBytes(
            of: source.loadUnaligned(as: SIMD16<UInt8>.self),
            as: SIMD16<UInt8>.self
        )
    }
}
