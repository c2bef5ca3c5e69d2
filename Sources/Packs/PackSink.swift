internal import Core
internal import Crypto
internal import Disk

/// Where a layer is written to, front to back: a file or memory.
///
/// - Concurrency: one caller at a time.
final class PackSink {
    private let file: (any DiskFile)?
    private var buffer: [UInt8] = []
    private var flushedCount: Int
    private var hasher: SHA256?
    /// Where hashing began in a buffer that is never written out.
    private var digestStart = 0

    private static let bufferByteCount = 1 << 20

    /// Begins in memory.
    init() {
        file = nil
        flushedCount = 0
    }

    /// Goes on at the end of a file, which has a size.
    init(_ file: any DiskFile, count: Int) {
        self.file = file
        flushedCount = count
    }

    var count: Int { flushedCount + buffer.count }

    func append(_ bytes: UnsafeRawBufferPointer) throws {
        if file != nil, buffer.count + bytes.count > Self.bufferByteCount {
            try flush()
            if bytes.count >= Self.bufferByteCount { return try write(bytes) }
        }
        buffer.append(contentsOf: bytes)
    }

    func append(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try append($0) } }

    /// Appends zeros up to where a section may begin.
    func pad(to alignment: Int = PackLayout.alignment) throws {
        let rest = (alignment - count % alignment) % alignment
        if rest > 0 { try append(Array(repeating: 0, count: rest)) }
    }

    /// Begins to hash what is appended from here.
    func beginDigest() throws {
        if file != nil { try flush() }
        digestStart = buffer.count
        hasher = SHA256()
    }

    /// The SHA-256 of what was appended since.
    func digest() throws -> PackDigest {
        if file != nil {
            try flush()
        } else {
            buffer.withUnsafeBytes { bytes in
                hasher?.update(
                    bufferPointer: bytes.part(digestStart, bytes.count - digestStart)
                )
            }
        }
        defer { hasher = nil }
        return hasher.map { PackDigest($0.finalize()) } ?? .none
    }

    /// Writes what is still in memory to the file.
    func flush() throws {
        guard file != nil, !buffer.isEmpty else { return }
        try buffer.withUnsafeBytes { try write($0) }
        buffer.removeAll(keepingCapacity: true)
    }

    /// Everything that was appended to a sink in memory.
    var bytes: [UInt8] { buffer }

    private func write(_ bytes: UnsafeRawBufferPointer) throws {
        hasher?.update(bufferPointer: bytes)
        try file?.append(bytes)
        flushedCount += bytes.count
    }
}
