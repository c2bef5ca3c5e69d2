internal import Core

/// One file of a pack, opened: its own entries, and the names of the layers below.
///
/// - Concurrency: any thread; the bytes are only read.
package struct PackLayer: Sendable {
    /// What the layer is called in messages and by the layers above: its key in blob storage.
    package let location: String
    /// Covers every byte of the layer and, by their digests, the layers below.
    package let digest: PackDigest
    /// The layers below, base first.
    package let parents: [PackParent]
    /// Entries of this layer alone, tombstones among them.
    package let entryCount: Int
    package let tombstoneCount: Int
    /// Models of this layer and the ones below together.
    package let liveCount: Int
    /// Bytes of the file.
    package let byteCount: Int
    /// Where the blocks of each family lie.
    package let areas: [PackArea]

    // SAFETY: the bytes are never written and live as long as `owner`, which this value keeps.
    nonisolated(unsafe) let columns: PackColumns
    let owner: any AnyObject & Sendable

    /// Opens a layer after checking its footer, its keys and its map.
    ///
    /// Records, texts and blocks are checked whenever they are read. Without hashes damage is not
    /// noticed, but nothing outside the bytes is read either: that is for fuzzing.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming what is wrong; `.unsupported` for a version that
    ///   this build does not read.
    package init(
        bytes: UnsafeRawBufferPointer,
        owner: any AnyObject & Sendable,
        location: String,
        checkingHashes: Bool = true
    ) throws {
        let checks = PackChecks(bytes: bytes, name: location, checksHashes: checkingHashes)
        let footer = try checks.footer()
        let map = try checks.map(footer)
        self.location = location
        self.owner = owner
        digest = checks.digest
        parents = map.parents
        areas = map.areas
        entryCount = footer.entryCount
        tombstoneCount = footer.tombstoneCount
        liveCount = footer.liveCount
        byteCount = bytes.count
        columns = PackColumns(bytes, footer, checksHashes: checkingHashes)
    }

    /// The name by which a layer above refers to this one.
    package var reference: PackParent { PackParent(digest: digest, location: location) }
}

/// The blocks of one family in a layer, one after another in key order.
package struct PackArea: Sendable, Equatable {
    package let family: UInt16
    package let modelCount: Int
    package let range: Range<Int>
}
