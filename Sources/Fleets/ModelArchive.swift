import Core
import Sklearn

/// Reads the model files of a tar archive, plain or gzip-compressed.
package enum ModelArchive {
    /// Bytes of an archive once inflated.
    package static let inflatedByteCountMax = 4 << 30

    /// The regular files of an archive in memory.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when the bytes are no archive.
    package static func files(_ bytes: [UInt8], name: String) throws -> [ModelFile] {
        var content = bytes
        if bytes.starts(with: [0x1F, 0x8B]) {
            do {
                content = try bytes.withUnsafeBytes {
                    try GzipFile.inflate($0, byteCountMax: inflatedByteCountMax)
                }
            } catch {
                throw FleetError(
                    .invalidArgument,
                    "the archive \(name) cannot be inflated: \(error)"
                )
            }
        }
        return try content.withUnsafeBytes { all in
            try TarArchive.members(all, name: name).map { member in
                ModelFile(path: member.name, bytes: Array(all[member.range]))
            }
        }
    }
}
