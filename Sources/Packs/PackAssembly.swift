internal import Core
internal import Disk

/// Puts what a writer collected into the order and the bytes of a layer.
struct PackAssembly: ~Copyable {
    var writer: PackWriter
    let parent: PackReader?
    let compaction: PackCompaction
    /// Positions of the entries to write, in key order.
    var order: [UInt32] = []
    var parents: [PackParent] = []
    var footer = PackFooter()

    init(
        _ writer: consuming PackWriter,
        over parent: PackReader?,
        _ compaction: PackCompaction
    ) {
        self.writer = writer
        self.parent = parent
        self.compaction = compaction
    }

    /// Writes the writer's file and shows it under its path when it is whole and durable.
    mutating func writeFile(isDurable: Bool) throws -> PackSummary {
        let place = writer.spools.place
        try prepare()
        let families = families()
        // Blocks that came in order already are where the file must have them.
        let adopted = try families.first.flatMap { try wholeSpool(of: $0) }
        let spool = try adopted ?? PackSpool(place, suffix: "part")
        guard let disk = place.disk, let file = try spool.openedFile() else {
            throw FleetError(.internal, "this pack writer was made without a file; encode it")
        }
        let sink = PackSink(file, count: spool.count)
        let summary = try write(
            families,
            to: sink,
            adopting: adopted == nil ? nil : families.first?.family
        )
        if isDurable { try file.sync() }
        try disk.rename(spool.path, to: place.path)
        spool.keep()
        if isDurable { try disk.syncFolder(place.folder) }
        return summary
    }

    /// Writes the layer to a sink in memory.
    mutating func write(to sink: PackSink) throws -> PackSummary {
        try prepare()
        return try write(families(), to: sink, adopting: nil)
    }

    /// The entries of one family that have a block, in key order.
    struct Family {
        let family: UInt16
        var positions: [UInt32] = []
    }

    private mutating func write(
        _ families: [Family],
        to sink: PackSink,
        adopting adopted: UInt16?
    ) throws -> PackSummary {
        if adopted == nil { try sink.append(PackLayout.head) }
        var areas: [PackArea] = []
        for family in families {
            let start = family.family == adopted ? PackLayout.headByteCount : sink.count
            if family.family != adopted { try copyBlocks(of: family, to: sink) }
            areas.append(
                PackArea(
                    family: family.family,
                    modelCount: family.positions.count,
                    range: start..<sink.count
                )
            )
        }
        footer.blocksByteCount = sink.count - PackLayout.headByteCount
        footer.entryCount = order.count
        footer.areaCount = areas.count
        footer.parentCount = parents.count
        try sink.pad()
        try sink.beginDigest()
        try writeTexts(to: sink)
        try sink.pad()
        try writeKeys(to: sink)
        try sink.pad()
        try writeRecords(to: sink)
        try sink.pad()
        try writeMap(areas, to: sink)
        try sink.pad()
        let head = footer.encodedHead()
        try sink.append(head)
        let digest = try sink.digest()
        let tail = head + withUnsafeBytes(of: digest) { Array($0) }
        try sink.append(Array(tail[head.count...]))
        var hash: [UInt8] = []
        hash.append(tail.withUnsafeBytes { XXHash64.hash($0) })
        try sink.append(hash)
        try sink.flush()
        return PackSummary(
            digest: digest,
            parents: parents,
            modelCount: footer.liveCount,
            writtenCount: footer.entryCount - footer.tombstoneCount,
            tombstoneCount: footer.tombstoneCount,
            byteCount: sink.count
        )
    }
}
