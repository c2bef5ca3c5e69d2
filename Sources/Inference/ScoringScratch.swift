/// Memory that scoring reuses from model to model; one for each thread.
///
/// It grows to what the widest model needs, at most about a megabyte unless a single row is
/// larger.
public struct ScoringScratch: ~Copyable {
    /// Values a half holds before rows are cut into chunks.
    static let chunkValueCount = 1 << 16

    private var values = UnsafeMutableBufferPointer<Double>(start: nil, count: 0)
    private var flags = UnsafeMutableBufferPointer<UInt8>(start: nil, count: 0)

    public init() {}

    deinit {
        values.deallocate()
        flags.deallocate()
    }

    /// Two buffers of a size and a byte a row, whose content is undefined; valid until the next
    /// call and while the scratch lives.
    mutating func memory(
        valueCount: Int,
        rowCount: Int
    ) -> (
        front: UnsafeMutablePointer<Double>, back: UnsafeMutablePointer<Double>,
        failed: UnsafeMutablePointer<UInt8>
    ) {
        if values.count < 2 * valueCount {
            values.deallocate()
            values = .allocate(capacity: max(1_024, 2 * valueCount))
        }
        if flags.count < rowCount {
            flags.deallocate()
            flags = .allocate(capacity: max(1_024, rowCount))
        }
        guard let front = values.baseAddress, let failed = flags.baseAddress else {
            preconditionFailure("allocated memory has an address")
        }
        return (front, front + valueCount, failed)
    }
}
