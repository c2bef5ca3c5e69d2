/// An open file of a ``Disk``; offsets and counts are bytes.
///
/// - Concurrency: one caller at a time; `close` is called once.
package protocol DiskFile: AnyObject, Sendable {
    /// Appends bytes at the end of the file, or of what was appended to a prepared one.
    func append(_ bytes: UnsafeRawBufferPointer) throws
    /// Reads up to `count` bytes at an offset; fewer only at the end of the file.
    func read(at offset: Int, count: Int) throws -> [UInt8]
    /// The file's size.
    func size() throws -> Int
    /// Cuts the file to a size.
    func truncate(to size: Int) throws
    /// Returns after everything appended so far would survive a power loss.
    func sync() throws
    /// Lets the system forget its copy in memory of synced bytes before a position; advice only.
    func uncache(upTo position: Int)
    /// Releases the file; later calls throw `.unavailable`.
    func close()
}

extension DiskFile {
    package func uncache(upTo position: Int) {}
}

/// The file system as the product sees it, so that tests can make it fail.
///
/// Paths are absolute or relative to the disk's root, with `/` between components.
///
/// - Throws: ``FleetError`` naming the path; `.resourceExhausted` when the disk is full.
/// - Concurrency: any thread; calls block.
package protocol Disk: Sendable {
    /// Opens a file for appending and reading, creating it when missing.
    func open(_ path: String) throws -> any DiskFile
    /// Makes a file of zeros, at least so many, which appended bytes replace from the start;
    /// another file of this name only loses it.
    ///
    /// Where the file system knows all blocks of a file and its size, a sync of what was written
    /// over them waits for nothing but these bytes. The zeros survive a power loss, the name does
    /// not before ``syncFolder(_:)``.
    func prepare(_ path: String, byteCount: Int) throws -> any DiskFile
    /// Bytes that may still be written to the file system of a folder.
    func freeByteCount(of folder: String) throws -> Int
    /// Opens a file for reading; throws `.notFound` when missing.
    func openForReading(_ path: String) throws -> any DiskFile
    /// Creates a folder and the missing ones above it; the names survive a power loss.
    func createFolder(_ path: String) throws
    /// The names in a folder, sorted bytewise; empty when the folder is missing.
    func list(_ path: String) throws -> [String]
    /// Whether a file or folder has this path.
    func exists(_ path: String) -> Bool
    /// Removes a file; missing is fine.
    func remove(_ path: String) throws
    /// Renames a file over another in one step.
    func rename(_ path: String, to target: String) throws
    /// Makes the names in a folder survive a power loss.
    func syncFolder(_ path: String) throws
}
