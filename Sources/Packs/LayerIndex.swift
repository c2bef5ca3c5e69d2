internal import Core

/// Which layer has the model at each position of the whole, in 4 bytes a model.
struct LayerIndex: Sendable {
    /// Layer in the upper 4 bits, position in the layer in the lower 28.
    private let places: [UInt32]
    /// Whether the base's entries are the models, in its own order; no places are kept then.
    let isIdentity: Bool
    let count: Int

    /// Merges layers, base first; keys out of order give a useless but safe index.
    init(over layers: [PackColumns], hasTombstones: Bool) {
        let baseCount = layers.first?.entryCount ?? 0
        guard layers.count > 1 || hasTombstones else {
            places = []
            isIdentity = true
            count = baseCount
            return
        }
        var merged: [UInt32] = []
        for (number, layer) in layers.enumerated() {
            merged = Self.merge(merged, under: layer, number: number, layers)
        }
        places = merged
        isIdentity = false
        count = merged.count
    }

    @inline(__always)
    subscript(index: Int) -> (layer: Int, position: Int) { Self.place(places[index]) }

    @inline(__always)
    private static func place(_ value: UInt32) -> (layer: Int, position: Int) {
        (Int(value >> 28), Int(value & 0x0FFF_FFFF))
    }

    private static func merge(
        _ below: [UInt32],
        under layer: PackColumns,
        number: Int,
        _ layers: [PackColumns]
    ) -> [UInt32] {
        var merged: [UInt32] = []
        merged.reserveCapacity(below.count + layer.entryCount)
        let tag = UInt32(number) << 28
        func key(_ position: Int) -> KeyBytes {
            let (layer, entry) = place(below[position])
            return layers[layer].key(entry)
        }
        var next = 0
        for entry in 0..<layer.entryCount {
            if next < below.count {
                let own = layer.key(entry)
                let found = KeySearch.lowerBound(from: next, count: below.count) {
                    key($0).compared(to: own) < 0
                }
                merged += below[next..<found]
                next = found
                if next < below.count, key(next).compared(to: own) == 0 { next += 1 }
            }
            if layer.family(entry) != PackLayout.tombstoneFamily {
                merged.append(tag | UInt32(entry))
            }
        }
        merged += below[next...]
        return merged
    }

    /// Checks that each layer was built upon the ones before it.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming the layer that is missing or another one.
    static func checkChain(_ layers: [PackLayer]) throws {
        for (position, layer) in layers.enumerated() {
            let below = layers[..<position]
            for (parent, given) in zip(layer.parents, below) where parent.digest != given.digest {
                throw FleetError(
                    .dataLoss,
                    "\(layer.location) was built upon \(parent.location) with the digest "
                        + "\(parent.digest), but \(given.location) has \(given.digest)",
                    hint: "restore that layer, or import the fleet again"
                )
            }
            guard layer.parents.count == position else {
                let problem =
                    position < layer.parents.count
                    ? "needs the layer \(layer.parents[position].location), which is missing"
                    : "was built upon \(layer.parents.count) layers, not \(position)"
                throw FleetError(
                    .dataLoss,
                    "\(layer.location) \(problem)",
                    hint: "restore that layer, or import the fleet again"
                )
            }
        }
    }
}
