internal import CLz4
internal import CZlib

/// Pages that other writers compress with gzip.
enum Gzip {
    /// The bytes of one or more members, which must be exactly `byteCount`.
    ///
    /// - Throws: ``ParquetError`` `.corrupt`; never writes more than that.
    static func decompress(_ source: UnsafeRawBufferPointer, byteCount: Int) throws -> [UInt8] {
        guard byteCount > 0 else { return [] }
        guard let inputCount = UInt32(exactly: source.count), let room = UInt32(exactly: byteCount)
        else { throw ParquetError.tooLarge("a gzip page of \(source.count) bytes") }
        var stream = z_stream()
        // 15 + 32: the largest window, and zlib or gzip as the header says.
        let ready = inflateInit2_(&stream, 47, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard ready == Z_OK else { throw ParquetError.tooLarge("no memory to unpack a gzip page") }
        defer { inflateEnd(&stream) }
        var isFine = false
        let out = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            let input = source.bindMemory(to: UInt8.self).baseAddress
            stream.next_in = input.map { UnsafeMutablePointer(mutating: $0) }
            stream.avail_in = inputCount
            stream.next_out = buffer.baseAddress
            stream.avail_out = room
            var status = inflate(&stream, Z_FINISH)
            while status == Z_STREAM_END, stream.avail_in > 0, inflateReset(&stream) == Z_OK {
                status = inflate(&stream, Z_FINISH)
            }
            isFine = status == Z_STREAM_END && stream.avail_out == 0
            count = isFine ? byteCount : 0
        }
        guard isFine else { throw ParquetError.corrupt("a damaged gzip page") }
        return out
    }
}

/// Pages that other writers compress with LZ4, without frames.
enum LZ4Block {
    /// The bytes of a block, which must be exactly `byteCount`.
    ///
    /// - Throws: ``ParquetError`` `.corrupt`; never writes more than that.
    static func decompress(_ source: UnsafeRawBufferPointer, byteCount: Int) throws -> [UInt8] {
        guard byteCount > 0 else { return [] }
        guard let inputCount = Int32(exactly: source.count), let room = Int32(exactly: byteCount)
        else { throw ParquetError.tooLarge("an lz4 page of \(source.count) bytes") }
        var isFine = false
        let out = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            buffer.withMemoryRebound(to: CChar.self) { buffer in
                let written = LZ4_decompress_safe(
                    source.bindMemory(to: CChar.self).baseAddress,
                    buffer.baseAddress,
                    inputCount,
                    room
                )
                isFine = written == room
                count = isFine ? byteCount : 0
            }
        }
        guard isFine else { throw ParquetError.corrupt("a damaged lz4 page") }
        return out
    }
}
