/// What writing a layer made.
package struct PackSummary: Sendable, Equatable {
    /// The layer's digest; it covers its models, its texts and the layers below.
    package let digest: PackDigest
    /// The layers below, base first; empty for a pack of its own.
    package let parents: [PackParent]
    /// Models of the layer and the ones below together.
    package let modelCount: Int
    /// Models that the layer itself holds.
    package let writtenCount: Int
    /// Keys of the layers below that the layer takes away.
    package let tombstoneCount: Int
    /// The layer's file.
    package let byteCount: Int
}

/// When a new version is written whole instead of as a layer over the version before.
package struct PackCompaction: Sendable {
    /// A version with more layers than this becomes one.
    package var layerCountMax = 8
    /// So does one whose layers over the base hold more entries than this share of the base's.
    package var overlayShareMax = 0.25

    package init() {}

    /// Always one layer.
    package static var always: PackCompaction {
        var rule = PackCompaction()
        rule.layerCountMax = 1
        return rule
    }

    /// Whether a layer with some entries over a pack would be too much.
    func isDue(over parent: PackReader, entryCount: Int) -> Bool {
        let layers = parent.layers
        guard layers.count < min(layerCountMax, PackParent.layerCountMax) else { return true }
        let overlay = layers.dropFirst().reduce(entryCount) { $0 + $1.entryCount }
        return Double(overlay) > overlayShareMax * Double(max(1, layers.first?.entryCount ?? 0))
    }
}
