package import Core
package import Disk

/// Collects models and writes them as one layer; the same models give the same bytes in any order.
///
/// Holds keys and about 130 bytes a model in memory; blocks wait in files beside the target, one a
/// family, or in memory without a disk. Whatever is not finished is removed with the writer.
///
/// - Concurrency: one caller at a time; calls block.
package struct PackWriter: ~Copyable, Sendable {
    var keys = KeyColumn()
    var models = PiecewiseArray<PendingModel>()
    var texts: TextStore
    let spools: BlockSpools
    /// Whether an addition failed half way, so that columns no longer belong together.
    private var isBroken = false

    /// A writer for a small pack, which holds everything in memory.
    package init() {
        let place = SpoolPlace(disk: nil, path: "")
        spools = BlockSpools(place)
        texts = TextStore(place)
    }

    /// A writer of one file, whose folder also takes the blocks until then (`PATH.blocks-…`).
    ///
    /// - Concurrency: one writer a path at a time.
    package init(disk: any Disk, path: String) {
        let place = SpoolPlace(disk: disk, path: path)
        spools = BlockSpools(place)
        texts = TextStore(place)
    }

    /// Models and tombstones added.
    package var count: Int { models.count }

    /// Adds a model, in any order.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` naming a key that, or whose block, is not valid;
    ///   whatever the disk throws.
    package mutating func add(_ entry: PackEntry) throws {
        var batch = PackBatch()
        try batch.append(entry)
        try add(batch)
    }

    /// Adds the models and tombstones of a batch, in any order.
    ///
    /// - Throws: ``FleetError`` `.resourceExhausted` beyond 2^28 models or 4 GiB of keys; whatever
    ///   the disk throws, after which the writer takes no more and finishes nothing.
    package mutating func add(_ batch: borrowing PackBatch) throws {
        try checkUsable()
        guard batch.count <= PackLayout.entryCountMax - models.count,
            batch.keys.namesByteCount <= Int(UInt32.max) - keys.namesByteCount
        else {
            throw FleetError(
                .resourceExhausted,
                "a fleet version holds at most \(PackLayout.entryCountMax) models and 4 GiB of "
                    + "keys"
            )
        }
        isBroken = true
        var numbers: ContiguousArray<UInt32> = [0]
        try batch.texts.forEach {
            numbers.append(try texts.number(of: $0, hash: $1, isShared: $2) + 1)
        }
        try batch.blocks.withUnsafeBytes { blocks in
            var position = 0
            while position < batch.count {
                position = try addRun(of: batch, from: position, blocks, numbers)
            }
        }
        batch.keys.withKeys { key in
            for position in 0..<batch.count { keys.append(key(position)) }
        }
        isBroken = false
    }

    private func checkUsable() throws {
        guard isBroken else { return }
        throw FleetError(
            .unavailable,
            "cannot go on with the pack \(spools.place.path): an earlier write to it failed",
            hint: "begin again"
        )
    }

    /// Takes a key away from the layers below.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` naming a key that is not valid.
    package mutating func delete(_ key: SeriesKey) throws {
        var batch = PackBatch()
        try batch.delete(key)
        try add(batch)
    }

    /// The layer as bytes in memory, for a small pack.
    ///
    /// - Throws: ``FleetError`` `.conflict` naming keys that were added twice; `.dataLoss` naming a
    ///   damaged model of the parent.
    package consuming func encode(
        over parent: PackReader? = nil,
        compaction: PackCompaction = PackCompaction()
    ) throws -> [UInt8] {
        try encodeWithSummary(over: parent, compaction: compaction).bytes
    }

    /// The same with what was made.
    ///
    /// - Throws: ``FleetError`` as for ``encode(over:compaction:)``.
    package consuming func encodeWithSummary(
        over parent: PackReader? = nil,
        compaction: PackCompaction = PackCompaction()
    ) throws -> (bytes: [UInt8], summary: PackSummary) {
        try checkUsable()
        var assembly = PackAssembly(self, over: parent, compaction)
        let sink = PackSink()
        let summary = try assembly.write(to: sink)
        return (sink.bytes, summary)
    }

    /// Writes the file that the writer was made for, visible only when whole and durable.
    ///
    /// A file that is only handed on, such as to blob storage, need not be durable.
    ///
    /// Over a parent the layer holds what was added and names the parent's layers by digest and
    /// location; when that would be too many layers or too much, everything is written as one.
    ///
    /// - Throws: ``FleetError`` as for ``encode(over:compaction:)``, and whatever the disk throws.
    package consuming func finish(
        over parent: PackReader? = nil,
        compaction: PackCompaction = PackCompaction(),
        isDurable: Bool = true
    ) throws -> PackSummary {
        try checkUsable()
        guard spools.place.disk != nil else {
            throw FleetError(.internal, "this pack writer was made without a file; encode it")
        }
        var assembly = PackAssembly(self, over: parent, compaction)
        return try assembly.writeFile(isDurable: isDurable)
    }

    /// Adds the next entries of a batch that have the same family, and gives where they end.
    private mutating func addRun(
        of batch: borrowing PackBatch,
        from start: Int,
        _ blocks: UnsafeRawBufferPointer,
        _ numbers: ContiguousArray<UInt32>
    ) throws -> Int {
        let family = batch.models[start].family
        var end = start
        while end < batch.count, batch.models[end].family == family { end += 1 }
        var shift: UInt64 = 0
        if PackLayout.isModelFamily(family) {
            let from = Int(batch.models[start].record.blockOffset)
            let last = batch.models[end - 1].record
            let to = PackLayout.aligned(Int(last.blockOffset + last.blockByteCount))
            let offset = try spools.append(blocks.part(from, to - from), family: family)
            shift = UInt64(offset) &- UInt64(from)
        }
        for position in start..<end {
            var model = batch.models[position]
            model.record.blockOffset &+= shift
            model.record.description = numbers[Int(model.record.description)]
            model.record.facts = numbers[Int(model.record.facts)]
            model.record.findings = numbers[Int(model.record.findings)]
            model.record.path = numbers[Int(model.record.path)]
            models.append(model)
        }
        return end
    }
}
