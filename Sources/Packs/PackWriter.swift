internal import Core
internal import Crypto
package import Disk
internal import Inference

/// Collects models and writes them as one pack; the same models give the same bytes in any order.
///
/// Holds every block until it is written.
package struct PackWriter: Sendable {
    private struct Item: Sendable {
        let key: SeriesKey
        let family: UInt16
        let block: [UInt8]
        let digest: [UInt8]
        let description: [UInt8]
        let findings: [UInt8]
        /// Relative to the blocks.
        var blockOffset = 0
    }

    /// Bytes of one model's description and of its findings.
    package static let textByteCountMax = 64 << 20

    private var items: [Item] = []

    package init() {}

    package var count: Int { items.count }

    /// Adds a model, in any order.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` naming a key that, or whose block, is not valid.
    package mutating func add(_ entry: PackEntry) throws {
        let key = entry.key
        _ =
            key.isDevice
            ? try SeriesKey(device: key.device)
            : try SeriesKey(device: key.device, sensor: key.sensor)
        do {
            let family =
                entry.isUndecodable
                ? PackLayout.undecodableFamily
                : try entry.block.withUnsafeBytes { try ModelView(validating: $0).family }
            let description = PackText.encode(entry.description)
            let findings = PackText.encode(entry.findings)
            guard max(description.count, findings.count) <= Self.textByteCountMax else {
                throw InferenceError(.invalidModel, "its description is larger than 64 MiB")
            }
            items.append(
                Item(
                    key: key,
                    family: family,
                    block: entry.block,
                    digest: Array(SHA256.hash(data: entry.block)),
                    description: description,
                    findings: findings
                )
            )
        } catch let error as InferenceError {
            throw FleetError(
                .invalidArgument,
                "cannot pack the model \(key): \(error.message)"
            )
        }
    }

    /// The whole pack in memory.
    ///
    /// - Throws: ``FleetError`` `.conflict` naming keys that were added twice.
    package func encode() throws -> [UInt8] {
        var bytes: [UInt8] = []
        try emit { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// Writes the pack to a file, visible under its path only when whole and durable.
    ///
    /// - Throws: ``FleetError`` as for ``encode()``, and whatever the disk throws.
    /// - Concurrency: blocks; one writer a path at a time.
    package func write(to disk: any Disk, path: String) throws {
        let part = path + ".part"
        try disk.remove(part)
        do {
            let file = try disk.open(part)
            defer { file.close() }
            var buffer: [UInt8] = []
            try emit { bytes in
                buffer.append(contentsOf: bytes)
                guard buffer.count >= 1 << 20 else { return }
                try buffer.withUnsafeBytes { try file.append($0) }
                buffer.removeAll(keepingCapacity: true)
            }
            try buffer.withUnsafeBytes { try file.append($0) }
            try file.sync()
        } catch {
            // The first failure is the one to report; a part that stays is removed next time.
            do { try disk.remove(part) } catch _ {}
            throw error
        }
        try disk.rename(part, to: path)
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        try disk.syncFolder(folder.isEmpty ? "/" : folder)
    }

    /// Hands the pack's bytes on, front to back.
    private func emit(_ sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        var sorted = items.sorted { $0.key < $1.key }
        try Self.refuseDuplicates(sorted)
        let order = sorted.indices.sorted {
            (sorted[$0].family, $0) < (sorted[$1].family, $1)
        }
        var header = PackHeader()
        header.modelCount = sorted.count
        for index in order {
            sorted[index].blockOffset = header.blocksByteCount
            header.blocksByteCount += PackLayout.blockAligned(sorted[index].block.count)
        }
        for item in sorted {
            header.keysByteCount += item.key.device.utf8.count + item.key.sensor.utf8.count
            header.textsByteCount += item.description.count + item.findings.count
        }
        let families = Set(sorted.map(\.family)).sorted()
        header.areaCount = families.count
        var directory: [UInt8] = []
        directory.reserveCapacity(header.textsOffset - header.areasOffset)
        for family in families { Self.appendArea(of: family, sorted, header, to: &directory) }
        Self.appendIndex(sorted, header, to: &directory)
        for item in sorted {
            directory.append(contentsOf: item.key.device.utf8)
            directory.append(contentsOf: item.key.sensor.utf8)
        }
        header.directoryDigest = Array(SHA256.hash(data: directory))
        try header.encoded().withUnsafeBytes(sink)
        try directory.withUnsafeBytes(sink)
        for item in sorted {
            try item.description.withUnsafeBytes(sink)
            try item.findings.withUnsafeBytes(sink)
        }
        let zeros: [UInt8] = Array(repeating: 0, count: PackLayout.blockAlignment)
        let gap = header.blocksOffset - header.textsOffset - header.textsByteCount
        try zeros[..<gap].withUnsafeBytes(sink)
        for index in order {
            let block = sorted[index].block
            try block.withUnsafeBytes(sink)
            let rest = PackLayout.blockAligned(block.count) - block.count
            try zeros[..<rest].withUnsafeBytes(sink)
        }
    }

    private static func appendArea(
        of family: UInt16,
        _ items: [Item],
        _ header: PackHeader,
        to bytes: inout [UInt8]
    ) {
        let members = items.lazy.filter { $0.family == family }
        let start = members.map(\.blockOffset).min() ?? 0
        let end = members.map { $0.blockOffset + PackLayout.blockAligned($0.block.count) }.max()
        bytes.append(UInt64(family))
        bytes.append(UInt64(members.reduce(0) { count, _ in count + 1 }))
        bytes.append(UInt64(header.blocksOffset + start))
        bytes.append(UInt64((end ?? start) - start))
    }

    private static func appendIndex(
        _ items: [Item],
        _ header: PackHeader,
        to bytes: inout [UInt8]
    ) {
        var keyOffset = header.keysOffset
        var textOffset = header.textsOffset
        for item in items {
            let device = item.key.device.utf8.count
            let sensor = item.key.sensor.utf8.count
            bytes.append(UInt64(keyOffset))
            bytes.append(UInt16(device))
            bytes.append(UInt16(sensor))
            bytes.append(item.family)
            bytes.append(UInt16(0))
            bytes.append(UInt64(header.blocksOffset + item.blockOffset))
            bytes.append(UInt64(item.block.count))
            bytes.append(item.block.withUnsafeBytes { XXHash64.hash($0) })
            bytes.append(UInt64(textOffset))
            bytes.append(UInt32(item.description.count))
            bytes.append(UInt32(item.findings.count))
            bytes.append(
                (item.description + item.findings).withUnsafeBytes { XXHash64.hash($0) }
            )
            bytes += item.digest
            keyOffset += device + sensor
            textOffset += item.description.count + item.findings.count
        }
    }

    private static func refuseDuplicates(_ sorted: [Item]) throws {
        var duplicates: [SeriesKey] = []
        for (left, right) in zip(sorted, sorted.dropFirst())
        where left.key == right.key && duplicates.last != left.key {
            duplicates.append(left.key)
        }
        guard !duplicates.isEmpty else { return }
        let names = duplicates.prefix(5).map(\.description).joined(separator: ", ")
        let more = duplicates.count > 5 ? " and \(duplicates.count - 5) more" : ""
        throw FleetError(
            .conflict,
            "more than one model has the key \(names)\(more)",
            hint: "keep one model for each key"
        )
    }
}
