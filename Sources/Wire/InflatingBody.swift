internal import CZlib
internal import Core

/// Decompresses gzip with any number of members, and what HTTP calls deflate.
///
/// - Source: RFC 1950, 1951, 1952; RFC 9110 section 8.4.1.2: deflate is zlib's format, but some
///   send the bare one.
enum InflatingBody {
    static func decompress(
        _ input: UnsafeRawBufferPointer,
        _ encoding: BodyEncoding,
        _ byteCountMax: Int,
        _ reserve: (Int) throws -> Void
    ) throws -> [UInt8] {
        guard !input.isEmpty else { throw BodyDecompressor.damaged(encoding, "it is empty") }
        var output = DecompressedBytes(inputByteCount: input.count, byteCountMax: byteCountMax)
        var at = 0
        repeat {
            let member = UnsafeRawBufferPointer(rebasing: input[at...])
            let windowBits = windowBits(member, encoding)
            at += try inflate(member, windowBits, encoding, &output, reserve)
            if encoding == .deflate, at < input.count {
                throw BodyDecompressor.damaged(encoding, "there is more after its end")
            }
            // gzip files may be padded with zeros.
            while at < input.count, input[at] == 0 { at += 1 }
        } while at < input.count
        return output.finish()
    }

    /// The format, as zlib has it told: 16 more is gzip's, a negative number the bare one.
    private static func windowBits(
        _ input: UnsafeRawBufferPointer,
        _ encoding: BodyEncoding
    ) -> Int32 {
        if encoding == .gzip { return 15 + 16 }
        let isZlib =
            input.count >= 2 && input[0] & 0x0F == 8
            && (Int(input[0]) << 8 | Int(input[1])) % 31 == 0
        return isZlib ? 15 : -15
    }

    /// Decompresses one member; how many bytes of the input it has.
    private static func inflate(
        _ input: UnsafeRawBufferPointer,
        _ windowBits: Int32,
        _ encoding: BodyEncoding,
        _ output: inout DecompressedBytes,
        _ reserve: (Int) throws -> Void
    ) throws -> Int {
        var stream = z_stream()
        guard
            inflateInit2_(
                &stream,
                windowBits,
                ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)
            ) == Z_OK
        else { throw FleetError(.internal, "zlib cannot start") }
        defer { inflateEnd(&stream) }
        let room = UnsafeMutableBufferPointer<UInt8>.allocate(
            capacity: DecompressedBytes.chunkByteCount
        )
        defer { room.deallocate() }
        var taken = 0
        while true {
            // zlib counts in 32 bits.
            let part = min(input.count - taken, 1 << 30)
            let start = input.bindMemory(to: UInt8.self).baseAddress.map { $0 + taken }
            stream.next_in = UnsafeMutablePointer(mutating: start)
            stream.avail_in = UInt32(part)
            stream.next_out = room.baseAddress
            stream.avail_out = UInt32(room.count)
            let code = CZlib.inflate(&stream, Z_NO_FLUSH)
            let used = part - Int(stream.avail_in)
            let written = room.count - Int(stream.avail_out)
            taken += used
            try output.append(
                UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: room[..<written])),
                reserve
            )
            if code == Z_STREAM_END { return taken }
            guard code == Z_OK || code == Z_BUF_ERROR else {
                let problem = stream.msg.map { String(cString: $0) } ?? "it needs a dictionary"
                throw BodyDecompressor.damaged(encoding, problem)
            }
            guard used > 0 || written > 0 else {
                throw BodyDecompressor.damaged(encoding, "it is cut off")
            }
        }
    }
}
