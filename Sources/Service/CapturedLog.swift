import Blobs
import Core
import EventLog

/// The captured part of the log, read partition by partition in offset order.
struct CapturedLog {
    /// One object of the capture.
    struct Object {
        let key: String
        let partition: Int
        let offset: Int64
    }

    private let blobs: any Blobs
    /// Per partition, by offset.
    let objects: [Int: [Object]]

    /// Lists what is captured.
    ///
    /// - Throws: ``FleetError`` when the blob storage cannot be read.
    init(_ blobs: any Blobs) async throws {
        self.blobs = blobs
        let found = try await blobs.list(prefix: "capture/").compactMap { Object(key: $0.key) }
        objects = Dictionary(grouping: found, by: \.partition)
            .mapValues { $0.sorted { $0.offset < $1.offset } }
    }

    /// The frames of an object.
    func frames(of object: Object) async throws -> [LogFrame] {
        try await blobs.map(object.key, range: nil).withBytes { bytes in
            try CapturePart.frames(
                bytes,
                key: object.key,
                partition: object.partition,
                appendedAt: .distantPast
            )
        }
    }
}

extension CapturedLog.Object {
    /// Reads `capture/YYYY-MM-DD/HH/PARTITION-OFFSET.parquet`; nil for anything else.
    init?(key: String) {
        guard key.hasSuffix(".parquet"), let slash = key.lastIndex(of: "/") else { return nil }
        let name = key[key.index(after: slash)...].dropLast(".parquet".count)
        let parts = name.split(separator: "-")
        guard parts.count == 2, let partition = Int(parts[0]), let offset = Int64(parts[1]) else {
            return nil
        }
        self.init(key: key, partition: partition, offset: offset)
    }
}
