import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The files of a folder or an archive: their paths and places, never their bytes.
///
/// Takes about 50 bytes a file and its path; archives are mapped, files of folders read one by one.
///
/// - Concurrency: any thread; nothing changes after it was opened.
package final class ModelFiles: Sendable {
    /// Where the bytes of the files are.
    enum Content: Sendable {
        case memory([ModelFile])
        case tar(MappedFile)
        case zip(MappedFile)
        case folder(String)
    }

    /// One file; what the numbers mean depends on the kind of content.
    struct Entry: Sendable {
        let pathStart: Int
        let pathByteCount: Int32
        let isDeflated: Bool
        let checksum: UInt32
        /// Where it, or in a zip archive its header, begins.
        let offset: Int
        let storedByteCount: Int
        let byteCount: Int
    }

    /// What messages call the folder or archive.
    package let name: String
    let content: Content
    let entries: [Entry]
    let paths: [UInt8]

    init(name: String, content: Content, list: FileList) {
        self.name = name
        self.content = content
        entries = list.entries
        paths = list.paths
    }

    /// Files in memory, for few of them.
    package convenience init(_ files: [ModelFile], name: String = "the files") {
        var list = FileList()
        for (index, file) in files.enumerated() {
            var path = file.path
            path.withUTF8 {
                list.append(
                    UnsafeRawBufferPointer($0),
                    offset: index,
                    storedByteCount: file.bytes.count
                )
            }
        }
        self.init(name: name, content: .memory(files), list: list)
    }

    package var count: Int { entries.count }

    /// The path of a file inside its folder or archive.
    package func path(at index: Int) -> String {
        let entry = entries[index]
        let range = entry.pathStart..<(entry.pathStart + Int(entry.pathByteCount))
        return String(decoding: paths[range], as: UTF8.self)
    }

    /// Runs with the bytes of a file, where they lie or in the buffer.
    ///
    /// - Throws: ``FleetError`` naming the file when it is larger than the limit, damaged or cannot
    ///   be read; whatever the closure throws.
    package func withBytes<R>(
        at index: Int,
        byteCountMax: Int,
        buffer: inout FileBuffer,
        _ body: (UnsafeRawBufferPointer) throws -> R
    ) throws -> R {
        let entry = entries[index]
        guard entry.byteCount <= byteCountMax else {
            throw tooLarge(index, entry.byteCount, byteCountMax)
        }
        switch content {
        case .memory(let files):
            return try files[entry.offset].bytes.withUnsafeBytes(body)
        case .tar(let file):
            let end = entry.offset + entry.byteCount
            return try withExtendedLifetime(file) {
                try body(UnsafeRawBufferPointer(rebasing: file.bytes[entry.offset..<end]))
            }
        case .zip(let file):
            let member = ZipArchive.Member(
                headerOffset: entry.offset,
                storedByteCount: entry.storedByteCount,
                byteCount: entry.byteCount,
                isDeflated: entry.isDeflated,
                checksum: entry.checksum
            )
            return try withExtendedLifetime(file) {
                try body(
                    ZipArchive.content(
                        member,
                        in: file.bytes,
                        path: path(at: index),
                        buffer: &buffer
                    )
                )
            }
        case .folder(let folder):
            let path = folder + "/" + path(at: index)
            let bytes = try read(path, index, byteCountMax, &buffer)
            return try body(bytes)
        }
    }

    private func read(
        _ path: String,
        _ index: Int,
        _ byteCountMax: Int,
        _ buffer: inout FileBuffer
    ) throws -> UnsafeRawBufferPointer {
        let descriptor = FilePart.open(path)
        guard descriptor >= 0 else { throw FileProblem.error(errno, "open", path) }
        defer { close(descriptor) }
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw FileProblem.error(errno, "read", path) }
        let count = Int(info.st_size)
        guard count <= byteCountMax else { throw tooLarge(index, count, byteCountMax) }
        let room = buffer.room(count)
        var filled = 0
        while filled < count {
            let found = FilePart.read(
                descriptor,
                room.baseAddress.map { $0 + filled },
                count - filled
            )
            if found < 0, errno == EINTR { continue }
            guard found >= 0 else { throw FileProblem.error(errno, "read", path) }
            if found == 0 { break }
            filled += found
        }
        return UnsafeRawBufferPointer(rebasing: room[..<filled])
    }

    private func tooLarge(_ index: Int, _ count: Int, _ limit: Int) -> FleetError {
        FleetError(
            .invalidArgument,
            "\(path(at: index)) has \(count) bytes, over the limit of \(limit)"
        )
    }
}

/// Collects the entries of a listing.
struct FileList {
    private(set) var entries: [ModelFiles.Entry] = []
    private(set) var paths: [UInt8] = []

    mutating func append(
        _ path: UnsafeRawBufferPointer,
        offset: Int = 0,
        storedByteCount: Int,
        byteCount: Int? = nil,
        isDeflated: Bool = false,
        checksum: UInt32 = 0
    ) {
        let start = paths.count
        paths.append(contentsOf: path)
        entries.append(
            ModelFiles.Entry(
                pathStart: start,
                pathByteCount: Int32(clamping: path.count),
                isDeflated: isDeflated,
                checksum: checksum,
                offset: offset,
                storedByteCount: storedByteCount,
                byteCount: byteCount ?? storedByteCount
            )
        )
    }
}
