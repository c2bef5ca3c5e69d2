internal import Core

/// The bytes of one stored pack file and what keeps them alive.
package struct PackSource {
    package let bytes: UnsafeRawBufferPointer
    package let owner: any AnyObject & Sendable

    package init(bytes: UnsafeRawBufferPointer, owner: any AnyObject & Sendable) {
        self.bytes = bytes
        self.owner = owner
    }
}

extension PackReader {
    /// Opens a stored pack with all layers that it is built upon.
    ///
    /// The closure maps the file that has a location, such as a key in blob storage.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` naming a layer that is missing, damaged or another
    ///   than the one built upon; whatever the closure throws for the top.
    package static func open(
        _ location: String,
        checkingHashes: Bool = true,
        map: (String) async throws -> PackSource
    ) async throws -> PackReader {
        let top = try await layer(location, checkingHashes, map)
        var layers: [PackLayer] = []
        for parent in top.parents {
            do {
                layers.append(try await layer(parent.location, checkingHashes, map))
            } catch let error as FleetError where error.code == .notFound {
                throw FleetError(
                    .dataLoss,
                    "\(location) needs the layer \(parent.location), which is missing",
                    hint: "restore that layer, or import the fleet again",
                    cause: error
                )
            }
        }
        return try PackReader(layers: layers + [top])
    }

    private static func layer(
        _ location: String,
        _ checkingHashes: Bool,
        _ map: (String) async throws -> PackSource
    ) async throws -> PackLayer {
        let source = try await map(location)
        return try PackLayer(
            bytes: source.bytes,
            owner: source.owner,
            location: location,
            checkingHashes: checkingHashes
        )
    }
}
