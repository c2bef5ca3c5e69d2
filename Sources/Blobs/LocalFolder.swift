internal import Core

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Folder calls by POSIX; they block.
enum LocalFolder {
    /// Makes a folder and those above it, each durable in the one above.
    ///
    /// Deleting a neighbour may remove any of them at any moment while they are empty: what has
    /// vanished meanwhile is made again, a bounded number of times.
    static func create(_ path: String, item: String) throws {
        for _ in 0..<64 {
            if try createOnce(path, item: item) { return }
        }
        throw BlobErrors.system(ENOENT, "create the folder of", item)
    }

    /// Tries once; false when something vanished between two calls.
    private static func createOnce(_ path: String, item: String) throws -> Bool {
        if mkdir(path, 0o755) == 0 { return try syncIfThere(parent(of: path), item: item) }
        switch errno {
        case EEXIST:
            if isFolder(path) { return true }
            var info = stat()
            guard lstat(path, &info) == 0 else {
                if errno == ENOENT { return false }
                throw BlobErrors.system(errno, "store", item)
            }
            // It may have become a folder between the two looks.
            if info.st_mode & S_IFMT == S_IFDIR { return false }
            throw BlobErrors.system(ENOTDIR, "store", item)
        case ENOENT where parent(of: path) != path:
            try create(parent(of: path), item: item)
            return false
        default: throw BlobErrors.system(errno, "create the folder of", item)
        }
    }

    /// Makes the names in a folder survive a power loss.
    static func sync(_ path: String, item: String) throws {
        guard try syncIfThere(path, item: item) else {
            throw BlobErrors.system(ENOENT, "store", item)
        }
    }

    /// Syncs a folder; false when it is not there.
    private static func syncIfThere(_ path: String, item: String) throws -> Bool {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor < 0, errno == ENOENT { return false }
        guard descriptor >= 0 else { throw BlobErrors.system(errno, "store", item) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw BlobErrors.system(errno, "store", item) }
        return true
    }

    /// The path above, `/` for the topmost.
    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func isFolder(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    /// A name in a folder with what it is.
    struct Entry {
        var name: String
        var isFolder: Bool
        var isFile: Bool
        var byteCount: Int
        /// When the file was last written, in seconds since 1970.
        var modifiedSeconds: Int
    }

    /// The names in a folder, unsorted and without links; empty when the folder is missing.
    static func entries(_ path: String, item: String) throws -> [Entry] {
        guard let handle = opendir(path) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw BlobErrors.system(errno, "list", item)
        }
        defer { closedir(handle) }
        var result: [Entry] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                    String(validatingCString: $0)
                }
            }
            guard let name, name != ".", name != ".." else { continue }
            var info = stat()
            guard fstatat(dirfd(handle), name, &info, AT_SYMLINK_NOFOLLOW) == 0 else {
                // Deleted meanwhile.
                if errno == ENOENT { continue }
                throw BlobErrors.system(errno, "list", item)
            }
            let kind = info.st_mode & S_IFMT
            result.append(
                Entry(
                    name: name,
                    isFolder: kind == S_IFDIR,
                    isFile: kind == S_IFREG,
                    byteCount: Int(info.st_size),
                    modifiedSeconds: Int(info.st_mtim.tv_sec)
                )
            )
        }
        return result
    }
}
