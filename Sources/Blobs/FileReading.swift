internal import Core

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Reads of whole files by POSIX calls; they block.
enum FileReading {
    /// Opens a file for reading and hands its descriptor to the closure.
    static func with<R>(
        _ path: String,
        item: String,
        _ body: (Int32) throws -> R
    ) throws -> R {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw BlobErrors.system(errno, "open", item) }
        defer { close(descriptor) }
        return try body(descriptor)
    }

    /// The size of an open regular file.
    static func size(_ descriptor: Int32, item: String) throws -> Int {
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw BlobErrors.system(errno, "read", item) }
        guard info.st_mode & S_IFMT == S_IFREG else {
            throw BlobErrors.system(ENOENT, "read", item)
        }
        return Int(info.st_size)
    }

    /// The bytes of a file.
    static func all(_ path: String, item: String) throws -> [UInt8] {
        try with(path, item: item) { descriptor in
            let size = try size(descriptor, item: item)
            var bytes = [UInt8](repeating: 0, count: size)
            var filled = 0
            while filled < size {
                let count = try chunk(descriptor, item: item) { read in
                    bytes.withUnsafeMutableBytes { read(.init(rebasing: $0[filled...])) }
                }
                if count == 0 { break }
                filled += count
            }
            bytes.removeLast(size - filled)
            return bytes
        }
    }

    /// Hands the file to the closure in pieces of at most a mebibyte.
    static func pieces(
        _ path: String,
        item: String,
        _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        try with(path, item: item) { descriptor in
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            while true {
                let count = try chunk(descriptor, item: item) { read in
                    buffer.withUnsafeMutableBytes { read($0) }
                }
                if count == 0 { return }
                try buffer.withUnsafeBytes { try body(.init(rebasing: $0[..<count])) }
            }
        }
    }

    private static func chunk(
        _ descriptor: Int32,
        item: String,
        _ fill: ((UnsafeMutableRawBufferPointer) -> Int) -> Int
    ) throws -> Int {
        while true {
            let count = fill { read(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 { return count }
            guard errno == EINTR else { throw BlobErrors.system(errno, "read", item) }
        }
    }
}
