internal import CZlib

/// Inflates the members of zip archives.
public enum DeflateData {
    /// Inflates raw deflate data that has to fill a buffer exactly.
    ///
    /// - Throws: ``SklearnError`` `.malformed` or `.truncated` when it is damaged or has another
    ///   size.
    public static func inflate(
        _ bytes: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) throws(SklearnError) {
        guard let inputCount = UInt32(exactly: bytes.count),
            let outputCount = UInt32(exactly: output.count)
        else { throw .limit("the deflated file is larger than 4 GiB") }
        var stream = z_stream()
        let ready = inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard ready == Z_OK else { throw .limit("zlib could not start (code \(ready))") }
        defer { inflateEnd(&stream) }
        // zlib wants an address even for no bytes.
        var empty: UInt8 = 0
        let status = withUnsafeMutablePointer(to: &empty) { empty in
            stream.next_in =
                bytes.bindMemory(to: UInt8.self).baseAddress.map {
                    UnsafeMutablePointer(mutating: $0)
                } ?? empty
            stream.avail_in = inputCount
            stream.next_out = output.bindMemory(to: UInt8.self).baseAddress ?? empty
            stream.avail_out = outputCount
            return CZlib.inflate(&stream, Z_FINISH)
        }
        guard status == Z_STREAM_END, stream.avail_out == 0 else {
            guard status == Z_STREAM_END || status == Z_BUF_ERROR || status == Z_OK else {
                throw .malformed("the deflated file is damaged (zlib code \(status))")
            }
            throw .malformed("the deflated file does not have the size that its archive says")
        }
    }

    /// The CRC-32 of bytes, as zip archives store it.
    public static func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var sum = CZlib.crc32(0, nil, 0)
        var rest = bytes
        while !rest.isEmpty {
            let count = min(rest.count, 1 << 30)
            sum = CZlib.crc32(
                sum,
                rest.bindMemory(to: UInt8.self).baseAddress,
                UInt32(truncatingIfNeeded: count)
            )
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        return UInt32(truncatingIfNeeded: sum)
    }
}

extension GzipFile {
    /// Inflates a gzip file of any size, piece by piece; files put together are one.
    ///
    /// - Throws: ``SklearnError`` `.limit` beyond so many bytes, `.malformed` or `.truncated` when
    ///   the file is damaged; whatever the closure throws.
    public static func inflate(
        _ bytes: UnsafeRawBufferPointer,
        byteCountMax: Int,
        to write: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var stream = z_stream()
        let ready = inflateInit2_(&stream, 47, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard ready == Z_OK else {
            throw SklearnError.limit("zlib could not start (code \(ready))")
        }
        defer { inflateEnd(&stream) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        var rest = bytes
        var total = 0
        while true {
            let given = min(rest.count, 1 << 30)
            stream.next_in = rest.bindMemory(to: UInt8.self).baseAddress.map {
                UnsafeMutablePointer(mutating: $0)
            }
            stream.avail_in = UInt32(truncatingIfNeeded: given)
            stream.next_out = buffer.bindMemory(to: UInt8.self).baseAddress
            stream.avail_out = UInt32(truncatingIfNeeded: buffer.count)
            let status = CZlib.inflate(&stream, Z_NO_FLUSH)
            rest = UnsafeRawBufferPointer(rebasing: rest[(given - Int(stream.avail_in))...])
            let produced = buffer.count - Int(stream.avail_out)
            total += produced
            guard total <= byteCountMax else {
                throw SklearnError.limit("it inflates to more than \(byteCountMax) bytes")
            }
            try write(UnsafeRawBufferPointer(rebasing: buffer[..<produced]))
            switch status {
            case Z_OK: continue
            case Z_STREAM_END:
                guard rest.starts(with: [0x1F, 0x8B]), inflateReset(&stream) == Z_OK else { return }
            case Z_BUF_ERROR: throw SklearnError.truncated("it ends too early")
            default: throw SklearnError.malformed("it is damaged (zlib code \(status))")
            }
        }
    }
}
