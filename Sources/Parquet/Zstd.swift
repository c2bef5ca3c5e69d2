internal import CZstd

/// How a writer compresses pages.
public enum ParquetCompression: Sendable, Equatable {
    case none
    /// Zstandard at a level from 1 to 19.
    case zstd(level: Int)
}

/// Compresses pages one after another, in memory that it keeps for them.
struct PageCompressor: ~Copyable {
    private let level: Int32
    /// Nil without compression.
    private let context: OpaquePointer?

    init(_ compression: ParquetCompression) {
        switch compression {
        case .none: (level, context) = (0, nil)
        case .zstd(let level):
            self.level = Int32(max(1, min(level, 19)))
            context = ZSTD_createCCtx()
        }
    }

    deinit { ZSTD_freeCCtx(context) }

    /// The bytes compressed as one frame.
    ///
    /// - Throws: ``ParquetError`` `.tooLarge`.
    func compress(_ bytes: [UInt8]) throws -> [UInt8] {
        guard level > 0 else { return bytes }
        let bound = ZSTD_compressBound(bytes.count)
        var isFine = false
        let out = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            guard let context else { return }
            let written = bytes.withUnsafeBytes {
                ZSTD_compressCCtx(
                    context,
                    buffer.baseAddress,
                    bound,
                    $0.baseAddress,
                    $0.count,
                    level
                )
            }
            isFine = ZSTD_isError(written) == 0
            count = isFine ? written : 0
        }
        guard isFine else { throw ParquetError.tooLarge("a page of \(bytes.count) bytes") }
        return out
    }
}

/// Zstandard through the system's library.
enum Zstd {
    /// The bytes of a frame, which must be exactly `byteCount`.
    ///
    /// - Throws: ``ParquetError`` `.corrupt`.
    static func decompress(_ bytes: UnsafeRawBufferPointer, byteCount: Int) throws -> [UInt8] {
        var isFine = true
        let out = [UInt8](unsafeUninitializedCapacity: max(byteCount, 1)) { buffer, count in
            let written = ZSTD_decompress(
                buffer.baseAddress,
                byteCount,
                bytes.baseAddress,
                bytes.count
            )
            isFine = ZSTD_isError(written) == 0 && written == byteCount
            count = isFine ? written : 0
        }
        guard isFine else { throw ParquetError.corrupt("a page does not decompress") }
        return out
    }
}
