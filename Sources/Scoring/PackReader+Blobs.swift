package import Blobs
package import Packs

extension PackReader {
    /// Opens a pack in blob storage with all layers that it is built upon.
    ///
    /// - Throws: ``FleetError`` `.notFound` when there is no such pack; `.dataLoss` naming a layer
    ///   that is missing, damaged or another than the one built upon.
    package static func open(_ key: String, in blobs: any Blobs) async throws -> PackReader {
        try await open(key) { location in
            let mapped = try await blobs.map(location, range: nil)
            return mapped.withBytes { PackSource(bytes: $0, owner: mapped) }
        }
    }
}
