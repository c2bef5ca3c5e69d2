import Core
import Packs

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Bytes at an aligned address that live as long as this object, with a guard page after them.
///
/// The last byte is followed by memory that may not be touched, so that a read beyond it crashes
/// the test instead of passing unseen.
final class HeldBytes: Sendable {
    // SAFETY: written only in the initializer.
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
    nonisolated(unsafe) private let mapping: UnsafeMutableRawBufferPointer

    init(_ content: [UInt8]) throws {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let size = (content.count + page - 1) / page * page
        guard
            let base = mmap(nil, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | 0x20, -1, 0),
            base != MAP_FAILED, mprotect(base + size, page, PROT_NONE) == 0
        else { throw FleetError(.resourceExhausted, "cannot map memory for a test") }
        mapping = UnsafeMutableRawBufferPointer(start: base, count: size + page)
        // A multiple of 8 even where the content's size is none.
        let start = (size - content.count) & ~7
        let part = UnsafeMutableRawBufferPointer(
            rebasing: mapping[start..<(start + content.count)]
        )
        part.copyBytes(from: content)
        bytes = UnsafeRawBufferPointer(part)
    }

    deinit { munmap(mapping.baseAddress, mapping.count) }
}
