internal import CBzip2
internal import CLz4
internal import CLzma
internal import CZlib

/// Unpacks whole compressed files, at most to a limit.
enum Decompression {
    /// What one call of a library did with the bytes at hand.
    fileprivate enum Step {
        case more(produced: Int)
        case end(produced: Int)
        /// Nothing moves any more: the file ends too early.
        case stuck
        case damaged(code: Int)
    }

    /// The unpacked bytes.
    ///
    /// - Throws: ``SklearnError`` `.truncated`, `.malformed` or `.limit`.
    static func unpack(
        _ bytes: UnsafeRawBufferPointer,
        _ encoding: FileEncoding,
        limit: Int
    ) throws(SklearnError) -> [UInt8] {
        switch encoding {
        case .plain: return Array(bytes)
        case .deflated: return try inflate(bytes, limit: limit)
        case .bzip2: return try bunzip(bytes, limit: limit)
        case .lzma: return try unlzma(bytes, limit: limit)
        case .lz4: return try unlz4(bytes, limit: limit)
        }
    }

    private static func inflate(
        _ bytes: UnsafeRawBufferPointer,
        limit: Int
    ) throws(SklearnError) -> [UInt8] {
        var stream = z_stream()
        // 15 + 32: the largest window, and zlib or gzip as the header says.
        let ready = inflateInit2_(&stream, 47, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard ready == Z_OK else { throw .limit("zlib could not start (code \(ready))") }
        defer { inflateEnd(&stream) }
        guard let base = bytes.bindMemory(to: UInt8.self).baseAddress,
            let inputCount = UInt32(exactly: bytes.count)
        else { throw .limit("the compressed file has \(bytes.count) bytes") }
        stream.next_in = UnsafeMutablePointer(mutating: base)
        stream.avail_in = inputCount
        return try collect(limit: limit) { buffer in
            stream.next_out = buffer.baseAddress
            stream.avail_out = UInt32(truncatingIfNeeded: buffer.count)
            let status = CZlib.inflate(&stream, Z_NO_FLUSH)
            let produced = buffer.count - Int(stream.avail_out)
            switch status {
            case Z_STREAM_END: return .end(produced: produced)
            case Z_OK: return .more(produced: produced)
            case Z_BUF_ERROR: return .stuck
            default: return .damaged(code: Int(status))
            }
        }
    }

    private static func bunzip(
        _ bytes: UnsafeRawBufferPointer,
        limit: Int
    ) throws(SklearnError) -> [UInt8] {
        var stream = bz_stream()
        let ready = BZ2_bzDecompressInit(&stream, 0, 0)
        guard ready == BZ_OK else { throw .limit("bzip2 could not start (code \(ready))") }
        defer { BZ2_bzDecompressEnd(&stream) }
        guard let base = bytes.bindMemory(to: CChar.self).baseAddress,
            let inputCount = UInt32(exactly: bytes.count)
        else { throw .limit("the compressed file has \(bytes.count) bytes") }
        stream.next_in = UnsafeMutablePointer(mutating: base)
        stream.avail_in = inputCount
        return try collect(limit: limit) { buffer in
            guard let output = buffer.baseAddress else { return .stuck }
            return output.withMemoryRebound(to: CChar.self, capacity: buffer.count) { output in
                stream.next_out = output
                stream.avail_out = UInt32(truncatingIfNeeded: buffer.count)
                let status = BZ2_bzDecompress(&stream)
                let produced = buffer.count - Int(stream.avail_out)
                switch status {
                case BZ_STREAM_END: return .end(produced: produced)
                case BZ_OK where produced == 0 && stream.avail_in == 0: return .stuck
                case BZ_OK: return .more(produced: produced)
                default: return .damaged(code: Int(status))
                }
            }
        }
    }

    private static func unlzma(
        _ bytes: UnsafeRawBufferPointer,
        limit: Int
    ) throws(SklearnError) -> [UInt8] {
        var stream = lzma_stream()
        // A hostile file may ask for a dictionary of gigabytes; presets ask for at most 65 MiB.
        let ready = lzma_auto_decoder(&stream, 128 << 20, 0)
        guard ready == LZMA_OK else {
            throw .limit("lzma could not start (code \(ready.rawValue))")
        }
        defer { lzma_end(&stream) }
        stream.next_in = bytes.bindMemory(to: UInt8.self).baseAddress.map { UnsafePointer($0) }
        stream.avail_in = bytes.count
        return try collect(limit: limit) { buffer in
            stream.next_out = buffer.baseAddress
            stream.avail_out = buffer.count
            let status = lzma_code(&stream, LZMA_FINISH)
            let produced = buffer.count - stream.avail_out
            switch status {
            case LZMA_STREAM_END: return .end(produced: produced)
            case LZMA_OK where produced == 0 && stream.avail_in == 0: return .stuck
            case LZMA_OK: return .more(produced: produced)
            case LZMA_BUF_ERROR: return .stuck
            default: return .damaged(code: Int(status.rawValue))
            }
        }
    }

    private static func unlz4(
        _ bytes: UnsafeRawBufferPointer,
        limit: Int
    ) throws(SklearnError) -> [UInt8] {
        var context: OpaquePointer?
        let ready = LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))
        guard LZ4F_isError(ready) == 0, let context else { throw .limit("lz4 could not start") }
        defer { LZ4F_freeDecompressionContext(context) }
        var consumed = 0
        return try collect(limit: limit) { buffer in
            var produced = buffer.count
            var taken = bytes.count - consumed
            let status = LZ4F_decompress(
                context,
                buffer.baseAddress,
                &produced,
                bytes.baseAddress.map { $0 + consumed },
                &taken,
                nil
            )
            guard LZ4F_isError(status) == 0 else { return .damaged(code: Int(status) &* -1) }
            consumed += taken
            if status == 0 { return .end(produced: produced) }
            return produced == 0 && taken == 0 ? .stuck : .more(produced: produced)
        }
    }

    /// Calls a library until its end, refusing more than the limit as soon as it shows.
    private static func collect(
        limit: Int,
        _ next: (UnsafeMutableBufferPointer<UInt8>) -> Step
    ) throws(SklearnError) -> [UInt8] {
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let step = chunk.withUnsafeMutableBufferPointer { next($0) }
            let produced: Int
            switch step {
            case .more(let count), .end(let count): produced = count
            case .stuck: throw .truncated("the compressed file ends too early")
            case .damaged(let code):
                throw .malformed("the compressed file is damaged (code \(code))")
            }
            guard output.count + produced <= limit else {
                throw .limit("the file inflates to more than the \(limit) bytes allowed")
            }
            output.append(contentsOf: chunk.prefix(produced))
            if case .end = step { return output }
        }
    }
}
