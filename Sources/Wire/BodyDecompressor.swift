internal import Core

/// Makes bodies what they were before they were compressed, within a limit.
///
/// A body that would become larger costs no more memory than the limit, and no more time than
/// decompressing so much.
public enum BodyDecompressor {
    /// Decompresses a body.
    ///
    /// The encodings are as ``BodyEncoding/parse(_:)`` gives them; of none of them may more than
    /// `byteCountMax` bytes come out. `reserve` is told of bytes before room is made for them; what
    /// it throws ends the work.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when the body is damaged or cut off,
    ///   `.resourceExhausted` when too much comes out; sending it again does not help then.
    public static func decompress(
        _ body: [UInt8],
        encodings: [BodyEncoding],
        byteCountMax: Int,
        reserve: (Int) throws -> Void = { _ in }
    ) throws -> [UInt8] {
        var bytes = body
        for encoding in encodings.reversed() {
            let input = bytes
            bytes = try input.withUnsafeBytes {
                try decompress(
                    $0,
                    encoding: encoding,
                    byteCountMax: byteCountMax,
                    reserve: reserve
                )
            }
        }
        guard bytes.count <= byteCountMax else { throw tooLarge(byteCountMax) }
        return bytes
    }

    /// Decompresses bytes; see ``decompress(_:encodings:byteCountMax:reserve:)``.
    public static func decompress(
        _ bytes: UnsafeRawBufferPointer,
        encoding: BodyEncoding,
        byteCountMax: Int,
        reserve: (Int) throws -> Void = { _ in }
    ) throws -> [UInt8] {
        switch encoding {
        case .identity:
            guard bytes.count <= byteCountMax else { throw tooLarge(byteCountMax) }
            return Array(bytes)
        case .gzip, .deflate:
            return try InflatingBody.decompress(bytes, encoding, byteCountMax, reserve)
        case .zstd: return try ZstandardBody.decompress(bytes, byteCountMax, reserve)
        }
    }

    static func tooLarge(_ byteCountMax: Int) -> FleetError {
        FleetError(
            .resourceExhausted,
            "the body is larger than \(byteCountMax) bytes when it is decompressed",
            hint: "send it in parts",
            isRetriable: false
        )
    }

    static func damaged(_ encoding: BodyEncoding, _ problem: String) -> FleetError {
        FleetError(
            .invalidArgument,
            "the body cannot be decompressed as \(encoding.rawValue): \(problem)",
            hint: "send it again, or without Content-Encoding if it is not compressed"
        )
    }
}

/// What comes out of a decompressor, which grows by what is there and never beyond a limit.
struct DecompressedBytes: ~Copyable {
    private(set) var bytes: [UInt8] = []
    private let byteCountMax: Int

    /// Bytes that a decompressor is asked for at once.
    static let chunkByteCount = 1 << 16

    init(inputByteCount: Int, byteCountMax: Int) {
        self.byteCountMax = byteCountMax
        // Events mostly become five to ten times as long; a bomb gets no more to begin with.
        bytes.reserveCapacity(min(byteCountMax, min(inputByteCount, 1 << 24) * 4))
    }

    /// Appends what a decompressor wrote.
    ///
    /// - Throws: ``FleetError`` `.resourceExhausted` when it is too much.
    mutating func append(
        _ chunk: UnsafeRawBufferPointer,
        _ reserve: (Int) throws -> Void
    ) throws {
        guard chunk.count <= byteCountMax - bytes.count else {
            throw BodyDecompressor.tooLarge(byteCountMax)
        }
        try reserve(chunk.count)
        bytes.append(contentsOf: chunk)
    }

    consuming func finish() -> [UInt8] { bytes }
}
