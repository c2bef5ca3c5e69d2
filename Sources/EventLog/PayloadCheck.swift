/// Checks the payload of a record at most once.
struct PayloadCheck {
    private var isDone: Bool

    init(isDone: Bool = false) { self.isDone = isDone }

    mutating func isGood(_ record: RecordHeader, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard !isDone else { return true }
        let payload = UnsafeRawBufferPointer(
            rebasing: bytes[record.byteCount..<record.recordByteCount]
        )
        isDone = CRC32C.checksum(payload) == record.payloadChecksum
        return isDone
    }
}
