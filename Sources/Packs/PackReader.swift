package import Core
package import Inference

/// A pack of one or more layers, read where its bytes are, as one list of models in key order.
///
/// Keeps no object for a model; over several layers 4 bytes a model say which layer has it.
///
/// - Concurrency: any thread; the bytes are only read.
package struct PackReader: Sendable {
    /// How many models there are; indexes run from 0, in key order.
    package let count: Int
    /// Base first; a newer layer's entries replace the ones below.
    package let layers: [PackLayer]

    // SAFETY: the bytes are never written and live as long as the owners in `layers`.
    nonisolated(unsafe) let base: PackColumns
    nonisolated(unsafe) private let columns: [PackColumns]
    /// Layer and position of each model; empty when the base alone has them all.
    private let index: LayerIndex

    /// Puts layers together, base first.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` when a layer is missing, is not the one that the layers
    ///   above were built upon, or has other keys than they expect.
    package init(layers: [PackLayer]) throws {
        try LayerIndex.checkChain(layers)
        guard let first = layers.first, let top = layers.last else {
            throw FleetError(.internal, "a pack needs at least one layer")
        }
        self.layers = layers
        base = first.columns
        columns = layers.map(\.columns)
        index = LayerIndex(over: columns, hasTombstones: layers.contains { $0.tombstoneCount > 0 })
        count = index.count
        guard !base.checksHashes || count == top.liveCount else {
            throw FleetError(
                .dataLoss,
                "\(top.location) has \(count) models with the layers below it, not "
                    + "\(top.liveCount)",
                hint: "publish the fleet version again or restore the file"
            )
        }
    }

    /// Opens a pack of one layer after checking its footer and its keys.
    ///
    /// - Throws: ``FleetError`` as ``PackLayer`` and ``init(layers:)`` do.
    package init(
        bytes: UnsafeRawBufferPointer,
        owner: any AnyObject & Sendable,
        name: String = "the pack",
        checkingHashes: Bool = true
    ) throws {
        try self.init(layers: [
            PackLayer(
                bytes: bytes,
                owner: owner,
                location: name,
                checkingHashes: checkingHashes
            )
        ])
    }

    package var indices: Range<Int> { 0..<count }

    /// The digest of the whole: the top layer's, which covers the ones below.
    package var digest: PackDigest { layers.last?.digest ?? .none }

    /// The key of a model.
    package func key(at index: Int) -> SeriesKey { SeriesKey(keyBytes(at: index)) }

    /// The key of a model where it lies; valid while this reader lives.
    @inline(__always)
    package func keyBytes(at index: Int) -> KeyBytes {
        let (columns, position) = place(index)
        return columns.key(position)
    }

    /// What kind of model it is; 0 for one whose file could not be decoded.
    @inline(__always)
    package func family(at index: Int) -> UInt16 {
        let (columns, position) = place(index)
        return columns.family(position)
    }

    /// The model at an index, checked against its hash; the view is valid while this reader lives.
    ///
    /// Prefer ``withModel(at:_:)``, which keeps the bytes alive.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming the key; `.invalidArgument` with the reason when
    ///   the model's file could not be decoded.
    package func block(at index: Int) throws -> ModelView {
        let block = try blockBytes(at: index)
        guard !block.isEmpty else {
            throw FleetError(
                .invalidArgument,
                try findings(at: index).first?.message ?? "the model file could not be decoded"
            )
        }
        do {
            return try ModelView(validating: block)
        } catch {
            throw damaged(index, error.message)
        }
    }

    /// Runs with the model at an index, as ``block(at:)`` gives it.
    package func withModel<R>(at index: Int, _ body: (ModelView) throws -> R) throws -> R {
        try withExtendedLifetime(layers) { try body(block(at: index)) }
    }

    /// The bytes of a model's numbers, checked against their hash; none for an undecodable file.
    ///
    /// Valid while this reader lives.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming the key.
    package func blockBytes(at index: Int) throws -> UnsafeRawBufferPointer {
        let (columns, position) = place(index)
        guard PackLayout.isModelFamily(columns.family(position)) else {
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        guard let record = columns.record(position) else { throw damagedRecord(index) }
        guard let block = columns.block(record) else {
            throw damaged(index, "its numbers are not inside")
        }
        guard !columns.checksHashes || XXHash64.hash(block) == record.blockHash else {
            throw damaged(index, "its numbers do not match their hash")
        }
        return block
    }

    /// The SHA-256 of a model's numbers; ``PackDigest/hex`` is the `model_digest` of predictions.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming the key.
    package func modelDigest(at index: Int) throws -> PackDigest { try record(index).digest }

    /// The same in hexadecimal.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming the key.
    package func digest(at index: Int) throws -> String { try modelDigest(at: index).hex }

    /// The SHA-256 of the file that a model was decoded from, `.none` when it is not known.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming the key.
    package func sourceDigest(at index: Int) throws -> PackDigest {
        try record(index).sourceDigest
    }

    /// Where a model was decoded from, empty when it is not known.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming the key.
    package func sourcePath(at index: Int) throws -> String {
        guard let bytes = place(index).0.text(try record(index).path) else {
            throw damaged(index, "its path does not match its hash")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What is known about a model besides its numbers; its facts are those of training.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming the key.
    package func description(at index: Int) throws -> ModelDescription {
        let record = try record(index)
        let columns = place(index).0
        guard let shared = columns.text(record.description), let facts = columns.text(record.facts)
        else { throw damaged(index, "its description does not match its hash") }
        guard
            let description = PackText.description(
                shared,
                facts: facts,
                byteCount: Int(clamping: record.blockByteCount)
            )
        else { throw damaged(index, "its description cannot be read") }
        return description
    }

    /// What the checks at import found.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming the key.
    package func findings(at index: Int) throws -> [ModelFinding] {
        guard let bytes = place(index).0.text(try record(index).findings) else {
            throw damaged(index, "its findings do not match their hash")
        }
        guard let findings = PackText.findings(bytes) else {
            throw damaged(index, "its findings cannot be read")
        }
        return findings
    }

    /// Whether the checks at import found anything; cheaper than reading it.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming the key.
    package func hasFindings(at index: Int) throws -> Bool { try record(index).findings != 0 }

    /// The layer that has a model, and its position there.
    @inline(__always)
    func place(_ index: Int) -> (PackColumns, Int) {
        precondition(index >= 0 && index < count, "a model index is below the count of models")
        guard !self.index.isIdentity else { return (base, index) }
        let (layer, position) = self.index[index]
        return (columns[layer], position)
    }

    /// The number of the layer that has a model.
    func layerNumber(of index: Int) -> Int {
        self.index.isIdentity ? 0 : self.index[index].layer
    }

    func record(_ index: Int) throws -> PackRecord {
        let (columns, position) = place(index)
        guard let record = columns.record(position) else { throw damagedRecord(index) }
        return record
    }

    func damagedRecord(_ index: Int) -> FleetError {
        damaged(index, "its record does not match its hash")
    }

    func damaged(_ index: Int, _ problem: String) -> FleetError {
        let layer = layers[layerNumber(of: index)]
        return FleetError(
            .dataLoss,
            "the model \(key(at: index)) in \(layer.location) is damaged: \(problem)",
            hint: "publish the fleet version again or restore the file"
        )
    }
}

extension SeriesKey {
    /// The key that bytes in a pack spell.
    package init(_ bytes: KeyBytes) {
        self.init(
            uncheckedDevice: String(decoding: bytes.device, as: UTF8.self),
            sensor: String(decoding: bytes.sensor, as: UTF8.self)
        )
    }

    /// Runs with the bytes of the key.
    package func withKeyBytes<R>(_ body: (KeyBytes) throws -> R) rethrows -> R {
        var device = device
        var sensor = sensor
        return try device.withUTF8 { device in
            try sensor.withUTF8 { sensor in
                try body(
                    KeyBytes(
                        device: UnsafeRawBufferPointer(device),
                        sensor: UnsafeRawBufferPointer(sensor)
                    )
                )
            }
        }
    }
}
