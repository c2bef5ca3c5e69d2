package import Core
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Blob storage in a local folder, an object a file.
///
/// An object is written under another name in the same file system, synced, and then renamed.
/// One key cannot be the folder of another; such a `put` throws `.conflict`.
///
/// - Concurrency: any number of tasks and processes; blocking calls run on threads of their own.
package final class LocalBlobs: Blobs {
    /// The folder's absolute path.
    package let root: String
    private let lanes = BlockingLanes(label: "fleetscore-blobs", count: 8)
    private let openUnfinished: @Sendable (String) -> Int32

    /// Unfinished objects older than this are left from a crash.
    private static let unfinishedAgeMax = Duration.seconds(86_400)
    private static let unfinishedCounter = Atomic<Int>(0)

    /// Opens a folder, creates it when missing, and sweeps what a crash left unfinished.
    ///
    /// - Throws: ``FleetError`` naming the folder. Concurrency: blocks for a few file calls.
    package convenience init(root: String, wallClock: any WallClock = SystemWallClock()) throws {
        try self.init(
            root: root,
            wallClock: wallClock,
            openUnfinished: { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644) }
        )
    }

    /// Opens a folder; tests pass a call that opens something that fails.
    init(
        root: String,
        wallClock: any WallClock,
        openUnfinished: @escaping @Sendable (String) -> Int32
    ) throws {
        let item = "blob storage \"\(root)\""
        guard !root.isEmpty else {
            throw FleetError(.invalidArgument, "cannot open blob storage: its folder is empty")
        }
        var path = root
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        try LocalFolder.create(path, item: item)
        guard let absolute = realpath(path, nil) else {
            throw BlobErrors.system(errno, "open", item)
        }
        defer { free(absolute) }
        self.root = String(cString: absolute)
        self.openUnfinished = openUnfinished
        try LocalFolder.create("\(self.root)/\(BlobKey.reserved)", item: item)
        try sweep(before: wallClock.now - Self.unfinishedAgeMax)
    }

    /// The URL that ``BlobsURL`` opens this storage by.
    package var url: String { BlobsURL.file(root) }

    package func put(_ key: String, _ bytes: [UInt8]) async throws {
        try BlobKey.validate(key)
        try await lanes.run { [self] in
            try store(key) { descriptor in
                try bytes.withUnsafeBytes { try Self.write($0, to: descriptor, key: key) }
            }
        }
    }

    package func put(_ key: String, contentsOfFile path: String) async throws {
        try BlobKey.validate(key)
        try await lanes.run { [self] in
            try store(key) { descriptor in
                try FileReading.pieces(path, item: "file \"\(path)\"") {
                    try Self.write($0, to: descriptor, key: key)
                }
            }
        }
    }

    package func put(_ key: String, movingFile path: String) async throws {
        try BlobKey.validate(key)
        let isMoved = try await lanes.run { [self] in
            let item = "blob \"\(key)\""
            try FileReading.with(path, item: "file \"\(path)\"") { descriptor in
                guard fsync(descriptor) == 0 else {
                    throw BlobErrors.system(errno, "store", item)
                }
            }
            // A file of another file system cannot be renamed into this one.
            var (file, folder) = (stat(), stat())
            guard stat(path, &file) == 0, stat(root, &folder) == 0, file.st_dev == folder.st_dev
            else { return false }
            try show(path, as: location(of: key), item: item)
            return true
        }
        guard !isMoved else { return }
        try await put(key, contentsOfFile: path)
        try await lanes.run { _ = unlink(path) }
    }

    package func get(_ key: String) async throws -> [UInt8] {
        try BlobKey.validate(key)
        return try await lanes.run { [self] in
            try naming(key) { try FileReading.all(location(of: key), item: "blob \"\(key)\"") }
        }
    }

    package func map(_ key: String, range: Range<Int>?) async throws -> MappedBytes {
        try BlobKey.validate(key)
        return try await lanes.run { [self] in
            try naming(key) { try mapFile(key, range) }
        }
    }

    package func exists(_ key: String) async throws -> Bool {
        try BlobKey.validate(key)
        return try await lanes.run { [self] in
            var info = stat()
            if stat(location(of: key), &info) == 0 { return info.st_mode & S_IFMT == S_IFREG }
            if errno == ENOENT || errno == ENOTDIR { return false }
            throw BlobErrors.system(errno, "find", "blob \"\(key)\"")
        }
    }

    package func list(prefix: String) async throws -> [BlobInfo] {
        let folder = try BlobKey.folder(ofPrefix: prefix)
        return try await lanes.run { [self] in
            var found: [BlobInfo] = []
            try walk(folder, prefix: prefix, into: &found)
            return found.sortedByKey()
        }
    }

    package func delete(_ key: String) async throws {
        try BlobKey.validate(key)
        try await lanes.run { [self] in
            guard unlink(location(of: key)) == 0 else {
                if [ENOENT, ENOTDIR, EISDIR].contains(errno) { return }
                throw BlobErrors.system(errno, "delete", "blob \"\(key)\"")
            }
            removeEmptyFolders(above: location(of: key))
        }
    }

    package func location(of key: String) -> String { "\(root)/\(key)" }
}

extension LocalBlobs {
    /// Writes an object under another name and shows it under its key when it is whole.
    private func store(_ key: String, _ write: (Int32) throws -> Void) throws {
        let item = "blob \"\(key)\""
        let number = Self.unfinishedCounter.wrappingAdd(1, ordering: .relaxed).newValue
        let random = UInt32.random(in: 0 ... .max)
        let unfinished = "\(root)/\(BlobKey.reserved)/\(getpid())-\(number)-\(random)"
        let descriptor = openUnfinished(unfinished)
        guard descriptor >= 0 else { throw BlobErrors.system(errno, "store", item) }
        do {
            defer { close(descriptor) }
            try write(descriptor)
            guard fsync(descriptor) == 0 else { throw BlobErrors.system(errno, "store", item) }
        } catch {
            unlink(unfinished)
            throw error
        }
        do {
            try show(unfinished, as: location(of: key), item: item)
        } catch {
            unlink(unfinished)
            throw error
        }
    }

    private func show(_ unfinished: String, as path: String, item: String) throws {
        let folder = LocalFolder.parent(of: path)
        // Deleting a neighbour may remove the folder between its creation and the rename.
        for attempt in 1...16 {
            try LocalFolder.create(folder, item: item)
            if rename(unfinished, path) == 0 { return try LocalFolder.sync(folder, item: item) }
            guard errno == ENOENT, attempt < 16 else {
                throw BlobErrors.system(errno, "store", item)
            }
        }
    }

    private static func write(
        _ bytes: UnsafeRawBufferPointer,
        to descriptor: Int32,
        key: String
    ) throws {
        var rest = bytes
        while !rest.isEmpty {
            #if canImport(Glibc)
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            #else
            let count = Darwin.write(descriptor, rest.baseAddress, rest.count)
            #endif
            if count < 0 {
                if errno == EINTR { continue }
                throw BlobErrors.system(errno, "store", "blob \"\(key)\"")
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Turns a missing file into the error that every driver throws for a missing object.
    private func naming<R>(_ key: String, _ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch let error as FleetError
            where error.code == .notFound
            || (error.code == .conflict && !LocalFolder.isFolder(location(of: key)))
        {
            throw BlobErrors.notFound(key)
        }
    }

    private func mapFile(_ key: String, _ range: Range<Int>?) throws -> MappedBytes {
        let item = "blob \"\(key)\""
        return try FileReading.with(location(of: key), item: item) { descriptor in
            let size = try FileReading.size(descriptor, item: item)
            let range = range ?? 0..<size
            guard range.lowerBound >= 0, range.upperBound <= size else {
                throw BlobErrors.outside(key, range, byteCount: size)
            }
            guard !range.isEmpty else {
                return MappedBytes(base: UnsafeRawBufferPointer(start: nil, count: 0)) {}
            }
            // A mapping begins at a page.
            let start = range.lowerBound - range.lowerBound % Int(sysconf(Int32(_SC_PAGESIZE)))
            let count = range.upperBound - start
            let base = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, off_t(start))
            guard let base, base != MAP_FAILED else {
                throw BlobErrors.system(errno, "map", item)
            }
            let address = UInt(bitPattern: base)
            return MappedBytes(
                base: UnsafeRawBufferPointer(
                    start: base + (range.lowerBound - start),
                    count: range.count
                )
            ) { munmap(UnsafeMutableRawPointer(bitPattern: address), count) }
        }
    }

    private func walk(_ folder: String, prefix: String, into found: inout [BlobInfo]) throws {
        let path = folder.isEmpty ? root : "\(root)/\(folder)"
        for entry in try LocalFolder.entries(path, item: "blobs under \"\(prefix)\"") {
            let key = folder.isEmpty ? entry.name : "\(folder)/\(entry.name)"
            if key == BlobKey.reserved || key.utf8.count > BlobKey.byteCountMax { continue }
            if entry.isFolder {
                let isInside =
                    "\(key)/".utf8.starts(with: prefix.utf8) || prefix.utf8.starts(with: key.utf8)
                if isInside { try walk(key, prefix: prefix, into: &found) }
            } else if entry.isFile, key.utf8.starts(with: prefix.utf8) {
                found.append(BlobInfo(key: key, byteCount: entry.byteCount))
            }
        }
    }

    /// Removes folders that hold nothing any more, up to the root.
    private func removeEmptyFolders(above path: String) {
        var folder = LocalFolder.parent(of: path)
        while folder.utf8.count > root.utf8.count, rmdir(folder) == 0 {
            folder = LocalFolder.parent(of: folder)
        }
    }

    private func sweep(before limit: Timestamp) throws {
        let folder = "\(root)/\(BlobKey.reserved)"
        for entry in try LocalFolder.entries(folder, item: "blob storage \"\(root)\"")
        where entry.isFile && Int64(entry.modifiedSeconds) < limit.microseconds / 1_000_000 {
            unlink("\(folder)/\(entry.name)")
        }
    }
}
