import Core
package import Packs

/// A version as one tar archive: the layers of its pack, and a list of them.
///
/// Models are packed numbers, not the files they came from; an archive is imported again as it is.
package struct FleetArchive: Sendable {
    /// The member that says what the others are; it comes first.
    package static let indexName = "fleetscore-fleet.txt"

    private static let firstLine = "fleetscore fleet 1"

    /// Member name of a layer.
    private static func member(_ number: Int) -> String { "layer-\(number).pack" }

    /// What stands before, between and behind the layers of an exported archive.
    package struct Frame: Sendable {
        /// The member index and the first layer's header.
        package let before: [UInt8]
        /// What follows each layer: padding, and the next layer's header.
        package let after: [[UInt8]]
    }

    /// The frame of an archive of layers, base first.
    package static func frame(_ layers: [(location: String, byteCount: Int)], checks: [UInt8])
        -> Frame
    {
        var text = firstLine + "\n"
        for (number, layer) in layers.enumerated() {
            text += "\(member(number)) \(layer.location)\n"
        }
        var before = TarArchive.member(indexName, Array(text.utf8))
        before += TarArchive.member("checks.json", checks)
        var after: [[UInt8]] = []
        for (number, layer) in layers.enumerated() {
            let header = TarArchive.header(member(number), byteCount: layer.byteCount)
            if number == 0 { before += header } else { after[number - 1] += header }
            after.append([UInt8](repeating: 0, count: (512 - layer.byteCount % 512) % 512))
        }
        if let last = after.indices.last {
            after[last] += [UInt8](repeating: 0, count: 1024)
        }
        return Frame(before: before, after: after)
    }

    private let pack: PackReader
    private let files: ModelFiles

    /// The version in an archive; nil when the files are something else.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` or `.dataLoss` when it is damaged.
    package static func open(_ files: ModelFiles) throws -> FleetArchive? {
        guard case .tar(let mapped) = files.content, files.count > 1,
            files.path(at: 0) == indexName
        else { return nil }
        // Pointers into a mapping do not keep it.
        defer { withExtendedLifetime(mapped) {} }
        func bytes(_ index: Int) -> UnsafeRawBufferPointer {
            let entry = files.entries[index]
            let range = entry.offset..<(entry.offset + entry.byteCount)
            return UnsafeRawBufferPointer(rebasing: mapped.bytes[range])
        }
        let text = String(decoding: bytes(0), as: UTF8.self)
        let lines = text.split(separator: "\n")
        guard lines.first == Substring(firstLine) else {
            throw FleetError(
                .unsupported,
                "\(files.name) was exported by another version of fleetscore",
                hint: "export it with this version"
            )
        }
        var layers: [PackLayer] = []
        for line in lines.dropFirst() {
            let parts = line.split(separator: " ", maxSplits: 1)
            guard parts.count == 2,
                let index = (0..<files.count).first(where: { files.path(at: $0) == parts[0] })
            else {
                throw FleetError(
                    .invalidArgument,
                    "\(files.name) lacks the layer \"\(line.prefix(80))\"",
                    hint: "export the fleet again"
                )
            }
            layers.append(
                try PackLayer(bytes: bytes(index), owner: mapped, location: String(parts[1]))
            )
        }
        return FleetArchive(pack: try PackReader(layers: layers), files: files)
    }

    /// Writes the models as a layer over the version before.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming a damaged model; whatever writing throws.
    @concurrent
    package func write(
        over base: PackReader?,
        in folder: StagingFolder,
        merges: Bool
    ) async throws -> FleetImporter.Written {
        try pack.verify()
        var report = ImportReport()
        var writer = PackWriter(localPath: folder.resultPath)
        var batch = PackBatch()
        let diff = try base.map { try FleetDiff(from: $0, to: pack) }
        let changed = diff.map { $0.added + $0.changed.map(\.new) } ?? Array(pack.indices)
        for index in changed {
            try batch.copy(index, of: pack)
            guard batch.byteCount > 8 << 20 else { continue }
            try writer.add(batch)
            batch.removeAll()
            try Task.checkCancellation()
        }
        let removed = merges ? [] : diff?.removed ?? []
        if let base { for index in removed { try batch.delete(base.keyBytes(at: index)) } }
        try writer.add(batch)
        report.modelCount = pack.count
        report.fileCount = pack.count
        report.decodedCount = changed.count
        report.unchangedCount = pack.count - changed.count
        report.removedCount = removed.count
        guard base == nil || writer.count > 0 else {
            return FleetImporter.Written(path: nil, summary: nil, report: report)
        }
        let summary = try writer.finish(over: base)
        return FleetImporter.Written(path: folder.resultPath, summary: summary, report: report)
    }
}
