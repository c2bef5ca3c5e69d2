import Core
package import Inference

/// What people say of a model beside its file, with the text that they wrote.
package struct ImportMetadata: Sendable {
    /// Covered by the source digest, so that a change of it imports the model again.
    package let json: [UInt8]
    package let value: ModelMetadata

    /// Reads metadata; `name` is what messages call it.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` saying what is wrong.
    package init(json: [UInt8], name: String) throws {
        self.json = json
        do {
            value = try ModelMetadata(json: json)
        } catch {
            throw FleetError(.invalidArgument, "\(name): \(error.message)")
        }
    }
}
