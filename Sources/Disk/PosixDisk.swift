import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The machine's file system below a root folder.
package struct PosixDisk: Disk {
    private let root: String

    /// A disk whose relative paths start at a folder.
    package init(root: String) {
        self.root = root.hasPrefix("/") ? root : Self.workingFolder + "/" + root
    }

    /// Where the process runs; `/` when that folder is gone.
    private static var workingFolder: String {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }

    package func open(_ path: String) throws -> any DiskFile {
        try open(path, O_RDWR | O_CREAT | O_APPEND)
    }

    package func openForReading(_ path: String) throws -> any DiskFile {
        try open(path, O_RDONLY)
    }

    package func createFolder(_ path: String) throws {
        let full = absolute(path)
        if isFolder(full) { return }
        let parent = Self.parent(of: full)
        if parent != full { try createFolder(parent) }
        guard mkdir(full, 0o750) == 0 || errno == EEXIST else {
            throw FleetError.posix(errno, "create folder", full)
        }
        guard isFolder(full) else { throw FleetError.posix(ENOTDIR, "create folder", full) }
        try syncFolder(parent)
    }

    package func list(_ path: String) throws -> [String] {
        let full = absolute(path)
        guard let folder = opendir(full) else {
            if errno == ENOENT { return [] }
            throw FleetError.posix(errno, "list", full)
        }
        defer { closedir(folder) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw FleetError.posix(errno, "list", full) }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    package func exists(_ path: String) -> Bool {
        access(absolute(path), F_OK) == 0
    }

    package func remove(_ path: String) throws {
        let full = absolute(path)
        guard unlink(full) == 0 || errno == ENOENT else {
            throw FleetError.posix(errno, "remove", full)
        }
    }

    package func rename(_ path: String, to target: String) throws {
        let source = absolute(path)
        #if canImport(Glibc)
        let result = Glibc.rename(source, absolute(target))
        #else
        let result = Darwin.rename(source, absolute(target))
        #endif
        guard result == 0 else { throw FleetError.posix(errno, "rename", source) }
    }

    package func syncFolder(_ path: String) throws {
        let full = absolute(path)
        let descriptor = openDescriptor(full, O_RDONLY | O_DIRECTORY)
        guard descriptor >= 0 else { throw FleetError.posix(errno, "sync folder", full) }
        defer { closeDescriptor(descriptor) }
        // Some file systems cannot sync a folder and say EINVAL; there is nothing more to do.
        guard retryingInterrupts({ fsync(descriptor) }) == 0 || errno == EINVAL else {
            throw FleetError.posix(errno, "sync folder", full)
        }
    }

    private func open(_ path: String, _ flags: Int32) throws -> PosixFile {
        let full = absolute(path)
        let descriptor = openDescriptor(full, flags)
        guard descriptor >= 0 else { throw FleetError.posix(errno, "open", full) }
        return PosixFile(descriptor: descriptor, path: full)
    }

    func absolute(_ path: String) -> String {
        if path.utf8.first == 0x2F { return path }
        if path.isEmpty { return root.isEmpty ? "." : root }
        if root.isEmpty { return path }
        return root.utf8.last == 0x2F ? root + path : root + "/" + path
    }

    private func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The folder above a path; the path itself when there is none.
    static func parent(of path: String) -> String {
        var parts = path.split(separator: "/")
        guard parts.popLast() != nil else { return path }
        let joined = parts.joined(separator: "/")
        if path.utf8.first == 0x2F { return "/" + joined }
        return joined.isEmpty ? "." : joined
    }
}

/// Opens a file that child processes do not inherit; -1 with `errno` on failure.
func openDescriptor(_ path: String, _ flags: Int32) -> Int32 {
    retryingInterrupts { open(path, flags | O_CLOEXEC, 0o640) }
}
