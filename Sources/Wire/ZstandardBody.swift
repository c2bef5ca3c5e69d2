internal import CZstd
internal import Core

/// Decompresses Zstandard with any number of frames.
///
/// - Source: RFC 8878.
enum ZstandardBody {
    /// A window of 8 MiB, which RFC 9659 has HTTP limited to.
    private static let windowLogMax: Int32 = 23

    static func decompress(
        _ input: UnsafeRawBufferPointer,
        _ byteCountMax: Int,
        _ reserve: (Int) throws -> Void
    ) throws -> [UInt8] {
        guard !input.isEmpty else { throw BodyDecompressor.damaged(.zstd, "it is empty") }
        guard let stream = ZSTD_createDStream() else {
            throw FleetError(.internal, "zstd cannot start")
        }
        defer { ZSTD_freeDStream(stream) }
        _ = ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, windowLogMax)
        var output = DecompressedBytes(inputByteCount: input.count, byteCountMax: byteCountMax)
        let room = UnsafeMutableRawBufferPointer.allocate(
            byteCount: DecompressedBytes.chunkByteCount,
            alignment: 16
        )
        defer { room.deallocate() }
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        // What the last call said is missing of the frame; 0 at the end of one.
        var missing = 1
        while source.pos < source.size || missing != 0 {
            var target = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
            let before = source.pos
            missing = ZSTD_decompressStream(stream, &target, &source)
            guard ZSTD_isError(missing) == 0 else {
                if ZSTD_getErrorCode(missing) == ZSTD_error_frameParameter_windowTooLarge {
                    throw FleetError(
                        .invalidArgument,
                        "the body is compressed with a window of more than 8 MiB",
                        hint: "compress it without --long",
                        isRetriable: false
                    )
                }
                let problem = String(cString: ZSTD_getErrorName(missing))
                throw BodyDecompressor.damaged(.zstd, problem)
            }
            try output.append(UnsafeRawBufferPointer(rebasing: room[..<target.pos]), reserve)
            guard source.pos > before || target.pos > 0 || missing == 0 else {
                throw BodyDecompressor.damaged(.zstd, "it is cut off")
            }
        }
        return output.finish()
    }
}
