package import Fleets
package import Pipelines

/// What an import document and the words beside it mean.
package struct ImportSettings: Sendable {
    package static let defaultPattern = "model_{device}_{sensor}"

    package var request: ImportRequest

    /// Puts a document and a pattern together; the pattern given here counts over the document's.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` naming the part that is wrong.
    package init(
        _ document: FleetImportDocument?,
        pattern: String?,
        merges: Bool
    ) throws {
        request = ImportRequest(
            pattern: try KeyPattern(
                parsing: pattern ?? document?.pattern ?? Self.defaultPattern
            )
        )
        request.merges = merges
        guard let document else { return }
        request.overrides = document.overrides
        request.fallback = document.fallback
        request.metadata = try document.metadata.map {
            try ImportMetadata(json: $0, name: "metadata.fleet")
        }
        for (key, json) in document.keyMetadata {
            request.keyMetadata[key] = try ImportMetadata(
                json: json,
                name: "metadata.keys.\(key)"
            )
        }
    }
}
