internal import Core
internal import Synchronization

/// Blob storage in memory, for tests and previews.
package final class MemoryBlobs: Blobs {
    /// Keys are compared as bytes: Swift strings hold canonically equal texts for the same.
    private let objects = Mutex<[[UInt8]: [UInt8]]>([:])
    private let byteCountMax: Int

    /// A storage that holds at most so many bytes of objects.
    package init(byteCountMax: Int = .max) {
        self.byteCountMax = byteCountMax
    }

    package func put(_ key: String, _ bytes: [UInt8]) async throws {
        try BlobKey.validate(key)
        try objects.withLock { objects in
            let old = objects[Array(key.utf8)]?.count ?? 0
            let total = objects.values.reduce(0) { $0 + $1.count } - old
            guard bytes.count <= byteCountMax - total else {
                throw FleetError(
                    .resourceExhausted,
                    "cannot store blob \"\(key)\": the storage is full",
                    hint: "free space and try again"
                )
            }
            objects[Array(key.utf8)] = bytes
        }
    }

    package func put(_ key: String, contentsOfFile path: String) async throws {
        try BlobKey.validate(key)
        try await put(key, try FileReading.all(path, item: "file \"\(path)\""))
    }

    package func get(_ key: String) async throws -> [UInt8] {
        try BlobKey.validate(key)
        guard let bytes = objects.withLock({ $0[Array(key.utf8)] }) else {
            throw BlobErrors.notFound(key)
        }
        return bytes
    }

    package func map(_ key: String, range: Range<Int>?) async throws -> MappedBytes {
        let bytes = try await get(key)
        let range = range ?? 0..<bytes.count
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else {
            throw BlobErrors.outside(key, range, byteCount: bytes.count)
        }
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: range.count, alignment: 64)
        copy.copyBytes(from: bytes[range])
        let address = UInt(bitPattern: copy.baseAddress)
        return MappedBytes(base: UnsafeRawBufferPointer(copy)) {
            UnsafeMutableRawPointer(bitPattern: address)?.deallocate()
        }
    }

    package func exists(_ key: String) async throws -> Bool {
        try BlobKey.validate(key)
        return objects.withLock { $0[Array(key.utf8)] != nil }
    }

    package func list(prefix: String) async throws -> [BlobInfo] {
        _ = try BlobKey.folder(ofPrefix: prefix)
        let all = objects.withLock { $0 }
        return all.filter { $0.key.starts(with: prefix.utf8) }
            .map {
                BlobInfo(key: String(decoding: $0.key, as: UTF8.self), byteCount: $0.value.count)
            }
            .sortedByKey()
    }

    package func delete(_ key: String) async throws {
        try BlobKey.validate(key)
        objects.withLock { $0[Array(key.utf8)] = nil }
    }

    package func location(of key: String) -> String { "memory:\(key)" }
}
