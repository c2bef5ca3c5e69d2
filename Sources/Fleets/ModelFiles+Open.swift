import Core
import Sklearn

extension ModelFiles {
    /// Bytes of a compressed archive once inflated.
    package static let inflatedByteCountMax = 256 << 30

    /// Lists a folder, or a tar, tar.gz or zip archive.
    ///
    /// A compressed tar archive is inflated into a file without a name in the staging folder.
    ///
    /// - Throws: ``FleetError`` `.notFound` when there is nothing; `.invalidArgument` when it is no
    ///   archive, is damaged, or names a file outside itself.
    package static func open(
        _ path: String,
        staging: String,
        recursive: Bool = true
    ) throws -> ModelFiles {
        guard try Folders.isFolder(path) else {
            return try archive(MappedFile(path), name: path, staging: staging)
        }
        var list = FileList()
        try collect(path, below: [], depth: recursive ? 16 : 0, into: &list)
        guard !list.entries.isEmpty else {
            throw FleetError(.invalidArgument, "the folder \(path) holds no files")
        }
        return ModelFiles(name: path, content: .folder(path), list: list)
    }

    /// Lists an archive in memory, for a small one.
    ///
    /// - Throws: ``FleetError`` as ``open(_:staging:recursive:)`` does.
    package static func archive(
        _ bytes: [UInt8],
        name: String,
        staging: String
    ) throws -> ModelFiles {
        let spool = try SpoolFile(in: staging)
        try bytes.withUnsafeBytes { try spool.append($0) }
        return try archive(spool.map(), name: name, staging: staging)
    }

    /// Lists an archive of bytes that come one after another, such as an upload.
    ///
    /// They wait in a file without a name in the staging folder.
    ///
    /// - Throws: ``FleetError`` as ``open(_:staging:recursive:)`` does; whatever the closure
    ///   throws.
    package static func archive(
        name: String,
        staging: String,
        receive: ((UnsafeRawBufferPointer) throws -> Void) async throws -> Void
    ) async throws -> ModelFiles {
        let spool = try SpoolFile(in: staging)
        try await receive { try spool.append($0) }
        return try archive(spool.map(), name: name, staging: staging)
    }

    private static func archive(
        _ file: MappedFile,
        name: String,
        staging: String
    ) throws -> ModelFiles {
        // Pointers into a mapping do not keep it.
        defer { withExtendedLifetime(file) {} }
        if file.bytes.starts(with: [0x1F, 0x8B]) {
            let spool = try SpoolFile(in: staging)
            do {
                try GzipFile.inflate(file.bytes, byteCountMax: inflatedByteCountMax) {
                    try spool.append($0)
                }
            } catch let error as SklearnError {
                throw FleetError(
                    .invalidArgument,
                    "the archive \(name) cannot be inflated: \(error)"
                )
            }
            return try tar(spool.map(), name: name)
        }
        guard ZipArchive.isZip(file.bytes) else { return try tar(file, name: name) }
        var list = FileList()
        try ZipArchive.forEach(file.bytes, name: name) { path, member in
            try check(path, in: name)
            list.append(
                path,
                offset: member.headerOffset,
                storedByteCount: member.storedByteCount,
                byteCount: member.byteCount,
                isDeflated: member.isDeflated,
                checksum: member.checksum
            )
        }
        return ModelFiles(name: name, content: .zip(file), list: list)
    }

    private static func tar(_ file: MappedFile, name: String) throws -> ModelFiles {
        var list = FileList()
        try TarArchive.forEach(file.bytes, name: name) { path, range in
            try check(path, in: name)
            list.append(path, offset: range.lowerBound, storedByteCount: range.count)
        }
        return ModelFiles(name: name, content: .tar(file), list: list)
    }

    /// Refuses a path that leads outside; nothing is ever written to it, but it means no good.
    private static func check(_ path: UnsafeRawBufferPointer, in name: String) throws {
        var isOutside = path.first == 0x2F
        if path.contains(0x2E) {
            for part in path.split(separator: 0x2F) where part.elementsEqual([0x2E, 0x2E]) {
                isOutside = true
            }
        }
        guard isOutside || path.count > 4096 else { return }
        throw FleetError(
            .invalidArgument,
            "the archive \(name) names a file outside itself: "
                + String(decoding: path.prefix(200), as: UTF8.self),
            hint: "pack it again with paths below one folder"
        )
    }

    private static func collect(
        _ folder: String,
        below prefix: [UInt8],
        depth: Int,
        into list: inout FileList
    ) throws {
        var folders: [[UInt8]] = []
        try Folders.forEach(in: folder) { name, isFolder, byteCount in
            var path = prefix
            path.append(contentsOf: name)
            if isFolder {
                if depth > 0 { folders.append(path) }
            } else {
                path.withUnsafeBytes { list.append($0, storedByteCount: byteCount) }
            }
        }
        for path in folders {
            let name = String(decoding: path[prefix.count...], as: UTF8.self)
            let below = path + [0x2F]
            try collect(folder + "/" + name, below: below, depth: depth - 1, into: &list)
        }
    }
}
