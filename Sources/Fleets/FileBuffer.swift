/// Memory for one file at a time, kept from file to file.
///
/// - Concurrency: one owner.
package struct FileBuffer: ~Copyable {
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    package init() {}

    deinit { memory.deallocate() }

    /// So many bytes of room, with anything in them; what was there is gone.
    mutating func room(_ count: Int) -> UnsafeMutableRawBufferPointer {
        if memory.count < count {
            memory.deallocate()
            memory = .allocate(byteCount: max(count, 64 << 10), alignment: 64)
        }
        return UnsafeMutableRawBufferPointer(rebasing: memory[..<count])
    }
}
