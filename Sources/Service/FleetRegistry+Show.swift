package import Blobs
package import Core
package import Fleets
package import Inference
import Packs
package import Store

extension FleetRegistry {
    /// One model of a version, as people ask for it.
    package struct ShownModel: Sendable {
        package let key: SeriesKey
        /// With what the packed numbers say in front of the training facts.
        package let description: ModelDescription
        package let findings: [ModelFinding]
        package let digest: String
        package let sourcePath: String
        /// Hex, empty when it is not known.
        package let sourceDigest: String
    }

    /// What the model of a key is.
    ///
    /// - Throws: ``FleetError`` `.notFound` when the version has none; `.dataLoss`.
    package func model(of key: SeriesKey, in version: FleetVersion) async throws -> ShownModel {
        let pack = try await pack(of: version)
        guard let index = pack.find(key) else {
            let near = pack.count == 0 ? nil : pack.key(at: min(pack.count - 1, nearest(key, pack)))
            throw FleetError(
                .notFound,
                "\(version.fleet) version \(version.version) has no model for \(key)",
                hint: near.map { "the nearest key is \($0)" }
            )
        }
        var description = try pack.description(at: index)
        if try !pack.blockBytes(at: index).isEmpty {
            description = try pack.withModel(at: index) { try description.describing($0) }
        }
        let source = try pack.sourceDigest(at: index)
        return ShownModel(
            key: key,
            description: description,
            findings: try pack.findings(at: index),
            digest: try pack.digest(at: index),
            sourcePath: try pack.sourcePath(at: index),
            sourceDigest: source.isNone ? "" : source.hex
        )
    }

    private func nearest(_ key: SeriesKey, _ pack: PackReader) -> Int {
        pack.lowerBound(key, from: 0)
    }

    /// What differs between two versions.
    package struct Difference: Sendable {
        package var addedCount = 0
        package var removedCount = 0
        package var changedCount = 0
        package var unchangedCount = 0
        package var added: [SeriesKey] = []
        package var removed: [SeriesKey] = []
        package var changed: [SeriesKey] = []
    }

    /// Compares two versions; each list has at most so many keys.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming a damaged model.
    package func difference(
        from old: FleetVersion,
        to new: FleetVersion,
        limit: Int
    ) async throws -> Difference {
        let (before, after) = (try await pack(of: old), try await pack(of: new))
        let diff = try FleetDiff(from: before, to: after)
        var result = Difference()
        result.addedCount = diff.added.count
        result.removedCount = diff.removed.count
        result.changedCount = diff.changed.count
        result.unchangedCount = diff.unchangedCount
        result.added = diff.added.prefix(limit).map { after.key(at: $0) }
        result.removed = diff.removed.prefix(limit).map { before.key(at: $0) }
        result.changed = diff.changed.prefix(limit).map { after.key(at: $0.new) }
        return result
    }

    /// A version as the bytes of one archive: pieces in order, layers where they are stored.
    package struct Export: Sendable {
        package let frame: FleetArchive.Frame
        /// The layers, base first.
        package let layers: [MappedBytes]

        package var byteCount: Int {
            frame.before.count + layers.reduce(0) { $0 + $1.count }
                + frame.after.reduce(0) { $0 + $1.count }
        }
    }

    /// The archive of a version, which ``importModels(fleet:_:files:progress:)`` takes again.
    package func export(_ version: FleetVersion) async throws -> Export {
        let locations = try await pack(of: version).layers.map(\.location)
        var layers: [MappedBytes] = []
        for location in locations { layers.append(try await blobs.map(location, range: nil)) }
        let checks = try await blobs.get(
            Self.prefix(version.fleet, version.version) + "checks.json"
        )
        let frame = FleetArchive.frame(
            zip(locations, layers).map { ($0, $1.count) },
            checks: checks
        )
        return Export(frame: frame, layers: layers)
    }
}
