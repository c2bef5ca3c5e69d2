import CZlib
import CZstd
import Core
import Testing
import Wire

@Suite("Compressed bodies")
struct BodyDecompressorTests {
    static let text = Array(
        (0..<2_000).map { "line \($0 % 17) of some length, \($0)\n" }.joined().utf8
    )

    private func restored(
        _ body: [UInt8],
        _ encodings: [BodyEncoding],
        limit: Int = 1 << 20
    ) throws -> [UInt8] {
        try BodyDecompressor.decompress(body, encodings: encodings, byteCountMax: limit)
    }

    @Test("every encoding gives back what was compressed, at limits that just suffice")
    func roundTrips() throws {
        let text = Self.text
        let count = text.count
        let rows: [([UInt8], BodyEncoding)] = [
            (text, .identity), (deflated(text, windowBits: 31), .gzip),
            (deflated(text, windowBits: 15), .deflate), (deflated(text, windowBits: -15), .deflate),
            (zstandard(text), .zstd),
        ]
        for (body, encoding) in rows {
            #expect(try restored(body, [encoding], limit: count) == text)
            let error = #expect(throws: FleetError.self) {
                try restored(body, [encoding], limit: count - 1)
            }
            #expect(error?.code == .resourceExhausted)
            #expect(error?.isRetriable == false)
            #expect(error?.message.contains("\(count - 1) bytes") == true)
        }
        let twice = deflated(zstandard(text), windowBits: 31)
        #expect(try restored(twice, [.zstd, .gzip]) == text)
    }

    @Test("several members and frames are one body")
    func members() throws {
        let half = Array(Self.text.prefix(700))
        let gzip = deflated(half, windowBits: 31)
        #expect(try restored(gzip + gzip, [.gzip]) == half + half)
        #expect(try restored(gzip + [0, 0, 0], [.gzip]) == half)
        let zstd = zstandard(half)
        #expect(try restored(zstd + zstd, [.zstd]) == half + half)
        #expect(try restored(deflated([], windowBits: 31), [.gzip]) == [])
    }

    @Test("a body that is cut, changed or empty is damaged", arguments: BodyEncoding.allCases)
    func damaged(_ encoding: BodyEncoding) throws {
        guard encoding != .identity else { return #expect(try restored([1], [.identity]) == [1]) }
        let windowBits: Int32 = encoding == .gzip ? 31 : 15
        let body =
            encoding == .zstd
            ? zstandard(Self.text, hasChecksum: true)
            : deflated(Self.text, windowBits: windowBits)
        for count in [0, 1, 5, body.count / 2, body.count - 1] {
            let error = #expect(throws: FleetError.self, "\(count)") {
                try restored(Array(body[..<count]), [encoding])
            }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains(encoding.rawValue) == true)
        }
        for at in stride(from: 0, to: body.count, by: 1 + body.count / 40) {
            var changed = body
            changed[at] ^= 0x55
            let result = try? restored(changed, [encoding])
            // Some bytes of a header say nothing about the content.
            #expect(result == nil || result == Self.text, "byte \(at)")
        }
        #expect(throws: FleetError.self) { try restored(body + [1, 2, 3], [encoding]) }
    }

    @Test("a bomb costs no more than the limit")
    func bomb() throws {
        let zeros = [UInt8](repeating: 0, count: 8 << 20)
        let gzip = deflated(zeros, windowBits: 31)
        let rows: [([UInt8], [BodyEncoding])] = [
            (gzip, [.gzip]), (zstandard(zeros), [.zstd]),
            (deflated(gzip, windowBits: 31), [.gzip, .gzip]),
        ]
        for (body, encodings) in rows {
            #expect(body.count < 20_000)
            let error = #expect(throws: FleetError.self) {
                try restored(body, encodings, limit: 1 << 20)
            }
            #expect(error?.code == .resourceExhausted)
        }
    }

    @Test("a header names encodings, in any case, at most two")
    func headers() throws {
        #expect(try BodyEncoding.parse(nil) == [])
        #expect(try BodyEncoding.parse("") == [])
        #expect(try BodyEncoding.parse("identity") == [])
        #expect(try BodyEncoding.parse("GZip") == [.gzip])
        #expect(try BodyEncoding.parse("x-gzip") == [.gzip])
        #expect(try BodyEncoding.parse(" zstd , gzip ") == [.zstd, .gzip])
        for header in ["br", "gzip, br", "gzip,gzip,gzip"] {
            let error = #expect(throws: FleetError.self) { try BodyEncoding.parse(header) }
            #expect(error?.code == .unsupported)
        }
    }
}

private func deflated(_ bytes: [UInt8], windowBits: Int32) -> [UInt8] {
    var stream = z_stream()
    let size = Int32(MemoryLayout<z_stream>.size)
    deflateInit2_(&stream, 9, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
    var input = bytes
    var output = [UInt8](repeating: 0, count: bytes.count + 1_000)
    input.withUnsafeMutableBufferPointer { input in
        output.withUnsafeMutableBufferPointer { output in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            stream.next_out = output.baseAddress
            stream.avail_out = UInt32(output.count)
            _ = deflate(&stream, Z_FINISH)
        }
    }
    output.removeLast(Int(stream.avail_out))
    deflateEnd(&stream)
    return output
}

private func zstandard(_ bytes: [UInt8], hasChecksum: Bool = false) -> [UInt8] {
    let context = ZSTD_createCCtx()
    defer { ZSTD_freeCCtx(context) }
    _ = ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, hasChecksum ? 1 : 0)
    var output = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
    let count = ZSTD_compress2(context, &output, output.count, bytes, bytes.count)
    return Array(output[..<count])
}
