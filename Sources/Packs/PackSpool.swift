internal import Core
internal import Disk

/// Where a writer may put files that it needs until it finishes.
struct SpoolPlace: Sendable {
    /// nil keeps everything in memory.
    let disk: (any Disk)?
    /// The file that is written in the end.
    let path: String

    func name(_ suffix: String) -> String { "\(path).\(suffix)" }

    var folder: String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

/// Bytes that are appended and read again later: a file that goes with this object, or memory.
///
/// - Concurrency: one caller at a time.
final class PackSpool: Sendable {
    let path: String
    private let disk: (any Disk)?
    private let file: (any DiskFile)?
    // SAFETY: the writer that owns the spool is used by one caller at a time.
    private nonisolated(unsafe) var buffer: [UInt8] = []
    private nonisolated(unsafe) var flushedCount = 0
    private nonisolated(unsafe) var isKept = false

    private static let bufferByteCount = 1 << 20

    /// Makes an empty spool; a file that an earlier writer left is replaced.
    init(_ place: SpoolPlace, suffix: String) throws {
        path = place.name(suffix)
        disk = place.disk
        if let disk = place.disk {
            try disk.remove(path)
            file = try disk.open(path)
        } else {
            file = nil
        }
    }

    deinit {
        file?.close()
        guard !isKept, let disk else { return }
        // The spool is a temporary file: one that stays is removed by the next writer of the path.
        do { try disk.remove(path) } catch _ {}
    }

    var count: Int { flushedCount + buffer.count }

    /// Appends bytes and gives where they begin.
    func append(_ bytes: UnsafeRawBufferPointer) throws -> Int {
        let start = count
        if file != nil, buffer.count + bytes.count > Self.bufferByteCount {
            try flush()
            if bytes.count >= Self.bufferByteCount {
                try file?.append(bytes)
                flushedCount += bytes.count
                return start
            }
        }
        buffer.append(contentsOf: bytes)
        return start
    }

    /// Writes what is still in memory to the file, if there is one.
    func flush() throws {
        guard let file, !buffer.isEmpty else { return }
        try buffer.withUnsafeBytes { try file.append($0) }
        flushedCount += buffer.count
        buffer.removeAll(keepingCapacity: true)
    }

    /// Runs with bytes that were appended before.
    func withBytes<R>(
        _ range: Range<Int>,
        _ body: (UnsafeRawBufferPointer) throws -> R
    ) throws -> R {
        guard let file else {
            return try buffer.withUnsafeBytes {
                try body($0.part(range.lowerBound, range.count))
            }
        }
        try flush()
        let bytes = try file.read(at: range.lowerBound, count: range.count)
        guard bytes.count == range.count else {
            throw FleetError(
                .dataLoss,
                "\(path) has only \(range.lowerBound + bytes.count) bytes; it was changed while "
                    + "a pack was written",
                hint: "import again, and let one import at a time write there"
            )
        }
        return try bytes.withUnsafeBytes { try body($0) }
    }

    /// The open file, for another to go on at its end, nil in memory.
    func openedFile() throws -> (any DiskFile)? {
        guard let file else { return nil }
        try flush()
        return file
    }

    /// Leaves the file where it is, because it has become the target.
    func keep() { isKept = true }
}

/// One spool of blocks a family; each begins like a pack, so that it can become one.
final class BlockSpools: Sendable {
    let place: SpoolPlace
    // SAFETY: the writer that owns the spools is used by one caller at a time.
    private nonisolated(unsafe) var spools: [UInt16: PackSpool] = [:]

    init(_ place: SpoolPlace) { self.place = place }

    subscript(family: UInt16) -> PackSpool? { spools[family] }

    /// Appends blocks of a family and gives where they begin in its spool.
    func append(_ blocks: UnsafeRawBufferPointer, family: UInt16) throws -> Int {
        if let spool = spools[family] { return try spool.append(blocks) }
        let spool = try PackSpool(place, suffix: "blocks-\(family)")
        spools[family] = spool
        _ = try PackLayout.head.withUnsafeBytes { try spool.append($0) }
        return try spool.append(blocks)
    }
}
