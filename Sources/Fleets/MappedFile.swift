import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A file mapped for reading; its pages are the system's, not the process's own memory.
package final class MappedFile: Sendable {
    // SAFETY: the mapping is private and read-only, and lives until this object goes.
    package nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

    /// Maps a whole file.
    ///
    /// - Throws: ``FleetError`` naming the path.
    package init(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileProblem.error(errno, "open", path) }
        defer { close(descriptor) }
        bytes = try Self.map(descriptor, path)
    }

    /// Maps what was written to an open file.
    init(descriptor: Int32, path: String) throws {
        bytes = try Self.map(descriptor, path)
    }

    deinit {
        guard let base = bytes.baseAddress else { return }
        munmap(UnsafeMutableRawPointer(mutating: base), bytes.count)
    }

    private static func map(_ descriptor: Int32, _ path: String) throws -> UnsafeRawBufferPointer {
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw FileProblem.error(errno, "read", path) }
        guard info.st_mode & S_IFMT == S_IFREG else {
            throw FleetError(.invalidArgument, "\(path) is not a file or folder")
        }
        let count = Int(info.st_size)
        guard count > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        guard let base = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0),
            base != MAP_FAILED
        else { throw FileProblem.error(errno, "map", path) }
        return UnsafeRawBufferPointer(start: base, count: count)
    }
}

/// Errors of file calls in our own words.
enum FileProblem {
    /// The error of a call that failed with a system error number.
    static func error(_ number: Int32, _ action: String, _ path: String) -> FleetError {
        let code: FleetErrorCode =
            switch number {
            case ENOENT, ENOTDIR: .notFound
            case ENOSPC, EDQUOT, EMFILE, ENFILE: .resourceExhausted
            default: .unavailable
            }
        let reason = String(cString: strerror(number))
        return FleetError(code, "cannot \(action) \(path): \(reason)")
    }
}

/// A file without a name in a folder: written once, mapped, gone with its last user.
final class SpoolFile {
    private let descriptor: Int32
    private let path: String
    private(set) var count = 0

    /// Creates the file; the folder is made when it is missing.
    ///
    /// - Throws: ``FleetError`` naming the folder.
    init(in folder: String) throws {
        try Folders.create(folder)
        path = "\(folder)/spool-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileProblem.error(errno, "create", path) }
        unlink(path)
    }

    deinit { close(descriptor) }

    /// Appends bytes.
    ///
    /// - Throws: ``FleetError`` naming the path; `.resourceExhausted` when the disk is full.
    func append(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            #if canImport(Glibc)
            let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
            #else
            let written = Darwin.write(descriptor, rest.baseAddress, rest.count)
            #endif
            if written < 0 {
                if errno == EINTR { continue }
                throw FileProblem.error(errno, "write", path)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
        count += bytes.count
    }

    /// Maps everything written.
    func map() throws -> MappedFile { try MappedFile(descriptor: descriptor, path: path) }
}

/// Folders by POSIX calls.
enum Folders {
    /// Makes a folder and those above it.
    static func create(_ path: String) throws {
        if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
        let parent = path.split(separator: "/", omittingEmptySubsequences: false)
            .dropLast().joined(separator: "/")
        guard errno == ENOENT, !parent.isEmpty, parent != path else {
            throw FileProblem.error(errno, "create the folder", path)
        }
        try create(parent)
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw FileProblem.error(errno, "create the folder", path)
        }
    }

    /// Whether a path is a folder; throws when there is nothing.
    static func isFolder(_ path: String) throws -> Bool {
        var info = stat()
        guard stat(path, &info) == 0 else {
            if errno == ENOENT {
                throw FleetError(.notFound, "there is no folder or archive \(path)")
            }
            throw FileProblem.error(errno, "read", path)
        }
        return info.st_mode & S_IFMT == S_IFDIR
    }

    /// Calls the closure with the name, the kind and the size of everything in a folder.
    ///
    /// Links are followed; what vanishes meanwhile is left out.
    static func forEach(
        in path: String,
        _ body: (_ name: UnsafeRawBufferPointer, _ isFolder: Bool, _ byteCount: Int) throws -> Void
    ) throws {
        guard let handle = opendir(path) else {
            throw FileProblem.error(errno, "list the folder", path)
        }
        defer { closedir(handle) }
        while let entry = readdir(handle) {
            try withUnsafeBytes(of: &entry.pointee.d_name) { field in
                let length = field.firstIndex(of: 0) ?? field.count
                let name = UnsafeRawBufferPointer(rebasing: field[..<length])
                guard let first = name.first, first != 0x2E else { return }
                // Only what is neither a plain file nor a folder needs a look behind it.
                if entry.pointee.d_type == UInt8(DT_REG) { return try body(name, false, -1) }
                var info = stat()
                let found = field.baseAddress.map {
                    fstatat(dirfd(handle), $0.assumingMemoryBound(to: CChar.self), &info, 0)
                }
                guard found == 0 else { return }
                let kind = info.st_mode & S_IFMT
                if kind == S_IFDIR { return try body(name, true, 0) }
                if kind == S_IFREG { try body(name, false, Int(info.st_size)) }
            }
        }
    }
}

/// System calls whose names methods hide.
enum FilePart {
    static func open(_ path: String) -> Int32 {
        #if canImport(Glibc)
        Glibc.open(path, O_RDONLY | O_CLOEXEC)
        #else
        Darwin.open(path, O_RDONLY | O_CLOEXEC)
        #endif
    }

    static func read(_ descriptor: Int32, _ room: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
        Glibc.read(descriptor, room, count)
        #else
        Darwin.read(descriptor, room, count)
        #endif
    }
}
