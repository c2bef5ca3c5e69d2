import Core
import Wire

/// A file that is compressed as a whole.
struct PackedFile {
    private let encoding: BodyEncoding

    /// The most bytes that come out, all of which are in memory.
    private static let byteCountMax = 16 << 30

    /// Nil when bytes do not begin as gzip or Zstandard.
    init?(_ bytes: UnsafeRawBufferPointer) {
        if bytes.starts(with: [0x1F, 0x8B]) {
            encoding = .gzip
        } else if bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) {
            encoding = .zstd
        } else {
            return nil
        }
    }

    /// What was compressed.
    ///
    /// - Throws: ``FleetError`` naming the file, with how to unpack it otherwise.
    func unpack(_ bytes: UnsafeRawBufferPointer, name: String) throws -> [UInt8] {
        do {
            let unpacked = try BodyDecompressor.decompress(
                bytes,
                encoding: encoding,
                byteCountMax: Self.byteCountMax
            )
            guard !unpacked.isEmpty else {
                throw FleetError(.invalidArgument, "nothing is in it")
            }
            return unpacked
        } catch let error as FleetError {
            throw FleetError(
                error.code,
                "cannot unpack \(name): \(error.message)",
                hint: "check it: `\(encoding == .gzip ? "gzip" : "zstd") -t \(name)`"
            )
        }
    }

    /// A file's name without what says that it is compressed.
    static func nameUnpacked(_ name: String) -> String {
        for end in [".gz", ".zst", ".zstd"] where name.lowercased().hasSuffix(end) {
            return String(name.dropLast(end.count))
        }
        return name
    }
}
