#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Read-only bytes of an object, mapped or held in memory, freed with the last reference.
package final class MappedBytes: Sendable {
    // SAFETY: the bytes are never written after construction and live until `release` ran.
    private nonisolated(unsafe) let base: UnsafeRawBufferPointer
    private let release: @Sendable () -> Void

    package init(base: UnsafeRawBufferPointer, release: @escaping @Sendable () -> Void) {
        self.base = base
        self.release = release
    }

    deinit { release() }

    package var count: Int { base.count }

    /// Runs with the bytes, which are valid only inside the closure.
    package func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try withExtendedLifetime(self) { try body(base) }
    }
}

/// A stored object's name and size in bytes.
package struct BlobInfo: Sendable, Equatable {
    package let key: String
    package let byteCount: Int

    package init(key: String, byteCount: Int) {
        self.key = key
        self.byteCount = byteCount
    }
}

/// Blob storage: whole objects under `/`-separated keys.
///
/// Delivery: `put` makes a whole object visible at once and durable, replacing any earlier one;
/// readers see the old object, the new one, never a mixture. There is no rename.
///
/// - Throws: ``FleetError`` naming the key: `.notFound`, `.resourceExhausted` (full disk),
///   `.invalidArgument` (a key with empty, `.` or `..` components, a leading `/`, or over 1,024
///   bytes).
package protocol Blobs: Sendable {
    func put(_ key: String, _ bytes: [UInt8]) async throws
    /// Stores a file's content as an object, without holding it in memory.
    func put(_ key: String, contentsOfFile path: String) async throws
    /// Stores a file as an object and takes the file away; without a copy where the driver can.
    func put(_ key: String, movingFile path: String) async throws
    func get(_ key: String) async throws -> [UInt8]
    /// Bytes of an object, or of a range of it, without copying where the driver can.
    func map(_ key: String, range: Range<Int>?) async throws -> MappedBytes
    func exists(_ key: String) async throws -> Bool
    /// Objects whose key begins with a prefix, ascending bytewise by key.
    func list(prefix: String) async throws -> [BlobInfo]
    /// Deletes an object; missing is fine.
    func delete(_ key: String) async throws
    /// Where a person finds an object, such as a path; for messages.
    func location(of key: String) -> String
}

extension Blobs {
    package func put(_ key: String, movingFile path: String) async throws {
        try await put(key, contentsOfFile: path)
        unlink(path)
    }
}
