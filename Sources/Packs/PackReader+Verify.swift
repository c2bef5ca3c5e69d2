internal import Core
internal import Inference

extension PackReader {
    /// Reads everything of every layer and compares every digest; scoring does not need it.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming the first damaged layer or model.
    package func verify() throws {
        try withExtendedLifetime(layers) {
            for layer in layers { try layer.verify() }
            for index in indices {
                if PackLayout.isModelFamily(family(at: index)) { _ = try block(at: index) }
                _ = try description(at: index)
                _ = try findings(at: index)
                _ = try sourcePath(at: index)
                let digest = PackDigest(of: try blockBytes(at: index))
                guard try modelDigest(at: index) == digest else {
                    throw damaged(index, "its numbers do not match their digest")
                }
            }
        }
    }
}

extension PackLayer {
    /// Compares the layer's digest, and that keys are allowed, in order and of known families.
    fileprivate func verify() throws {
        let checks = PackChecks(bytes: columns.bytes, name: location, checksHashes: true)
        let footer = try checks.footer()
        guard checks.computedDigest(footer) == digest else {
            throw checks.damaged("it does not match its digest")
        }
        var tombstones = 0
        var counts: [UInt16: Int] = [:]
        for entry in 0..<entryCount {
            let key = columns.key(entry)
            guard SeriesKey.isAllowed(key.device),
                key.sensor.isEmpty || SeriesKey.isAllowed(key.sensor)
            else { throw checks.damaged("the key of entry \(entry) is not allowed") }
            if entry > 0, columns.key(entry - 1).compared(to: key) >= 0 {
                throw checks.damaged("entry \(entry) is out of key order")
            }
            let family = columns.family(entry)
            if family == PackLayout.tombstoneFamily { tombstones += 1 }
            if PackLayout.isModelFamily(family) { counts[family, default: 0] += 1 }
        }
        let areaCounts = Dictionary(areas.map { ($0.family, $0.modelCount) }) { $0 + $1 }
        guard tombstones == tombstoneCount, counts == areaCounts else {
            throw checks.damaged("its families do not have the models they name")
        }
    }
}
