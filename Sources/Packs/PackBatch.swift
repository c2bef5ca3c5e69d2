package import Core
package import Inference

/// Models on their way into a pack, as columns: hashed and checked where they are added.
///
/// Import workers fill one each, a thousand models or a few MiB, hand it to the one
/// ``PackWriter`` and begin the next; the writer only copies.
///
/// - Concurrency: one caller at a time.
package struct PackBatch: Sendable {
    var keys = KeyColumn()
    /// Text fields are numbers in `texts` plus 1; offsets are positions in `blocks`.
    var models: ContiguousArray<PendingModel> = []
    var blocks: [UInt8] = []
    var texts = TextTable(entryCountMax: .max, byteCountMax: .max)
    private var textCount: UInt32 = 0
    private var scratch: [UInt8] = []

    /// Bytes of one model's description and of its findings.
    package static let textByteCountMax = 64 << 20

    package init() {}

    package var count: Int { models.count }

    /// Bytes of the blocks, to hand a batch over before it grows large.
    package var byteCount: Int { blocks.count }

    /// Adds a model whose digest its entry carries.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` naming a key that, or whose block, is not valid;
    ///   nothing of it is added then.
    package mutating func append(_ entry: PackEntry) throws {
        try entry.key.withKeyBytes { key in
            try entry.block.withUnsafeBytes { block in
                try append(
                    key,
                    block,
                    seal: entry.seal,
                    facts: Facts(
                        description: entry.description,
                        findings: entry.findings,
                        sourcePath: entry.sourcePath,
                        sourceDigest: entry.sourceDigest
                    )
                )
            }
        }
    }

    /// What a pack keeps of a model besides its key and its numbers.
    package struct Facts {
        /// Holds training facts only: what the block itself tells is derived when it is shown.
        package var description: ModelDescription
        package var findings: [ModelFinding]
        package var sourcePath: String
        package var sourceDigest: PackDigest

        package init(
            description: ModelDescription,
            findings: [ModelFinding] = [],
            sourcePath: String = "",
            sourceDigest: PackDigest = .none
        ) {
            self.description = description
            self.findings = findings
            self.sourcePath = sourcePath
            self.sourceDigest = sourceDigest
        }
    }

    /// Hashes, checks and adds a model; an empty block is that of an undecodable file.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` naming a key that, or whose block, is not valid;
    ///   nothing of it is added then.
    package mutating func append(
        _ key: KeyBytes,
        block: UnsafeRawBufferPointer,
        facts: Facts
    ) throws {
        try append(key, block, seal: BlockSeal(block), facts: facts)
    }

    /// Adds a key that the new version no longer has.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` naming a key that is not valid.
    package mutating func delete(_ key: SeriesKey) throws {
        try key.withKeyBytes { bytes in try delete(bytes) }
    }

    /// The same for a key as bytes.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` naming a key that is not valid.
    package mutating func delete(_ key: KeyBytes) throws {
        try Self.check(key)
        keys.append(key)
        models.append(PendingModel(record: PackRecord(), family: PackLayout.tombstoneFamily))
    }

    /// Empties the batch and keeps its memory.
    package mutating func removeAll() {
        keys.removeAll()
        models.removeAll(keepingCapacity: true)
        blocks.removeAll(keepingCapacity: true)
        texts.removeAll()
        textCount = 0
    }

    private mutating func append(
        _ key: KeyBytes,
        _ block: UnsafeRawBufferPointer,
        seal: BlockSeal,
        facts: Facts
    ) throws {
        try Self.check(key)
        if let problem = seal.problem {
            throw FleetError(
                .invalidArgument,
                "cannot pack the model \(SeriesKey(key)): \(problem)"
            )
        }
        var record = PackRecord()
        record.blockOffset = UInt64(blocks.count)
        record.blockByteCount = UInt64(block.count)
        record.blockHash = seal.hash
        record.digest = seal.digest
        record.sourceDigest = facts.sourceDigest
        record.description = try text(of: key) { PackText.append(facts.description, to: &$0) }
        record.facts = try text(of: key) { PackText.append(facts.description.facts, to: &$0) }
        record.findings = try text(of: key) { PackText.append(facts.findings, to: &$0) }
        // Every model has a path of its own, which nobody else will look for.
        record.path = try text(of: key, isShared: false) {
            $0.append(contentsOf: facts.sourcePath.utf8)
        }
        keys.append(key)
        blocks.append(contentsOf: block)
        blocks.append(
            contentsOf: repeatElement(0, count: PackLayout.aligned(blocks.count) - blocks.count)
        )
        models.append(PendingModel(record: record, family: seal.family))
    }

    /// The number of a text plus 1, 0 for an empty one.
    private mutating func text(
        of key: KeyBytes,
        isShared: Bool = true,
        _ fill: (inout [UInt8]) -> Void
    ) throws -> UInt32 {
        scratch.removeAll(keepingCapacity: true)
        fill(&scratch)
        guard !scratch.isEmpty else { return 0 }
        guard scratch.count <= Self.textByteCountMax else {
            throw FleetError(
                .invalidArgument,
                "cannot pack the model \(SeriesKey(key)): its description is larger than 64 MiB"
            )
        }
        return scratch.withUnsafeBytes { text in
            let hash = isShared ? XXHash64.hash(text) : 0
            if isShared, let number = texts.number(of: text, hash: hash) { return number + 1 }
            let number = textCount
            texts.insert(text, hash: hash, number: number, isShared: isShared)
            textCount += 1
            return number + 1
        }
    }

    private static func check(_ key: KeyBytes) throws {
        guard SeriesKey.isAllowed(key.device),
            key.sensor.isEmpty || SeriesKey.isAllowed(key.sensor)
        else {
            throw FleetError(
                .invalidArgument,
                "the key \"\(SeriesKey(key))\" is not allowed",
                hint: "device and sensor have 1 to 256 bytes of UTF-8 without control characters "
                    + "and without /"
            )
        }
    }
}
