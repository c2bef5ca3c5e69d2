package import Inference

/// A kind of model file: recognised by its first bytes, decoded without running anything in it.
package protocol ModelFormat: Sendable {
    /// What it is called in messages.
    static var name: String { get }

    /// Whether bytes begin like such a file.
    static func recognizes(_ bytes: UnsafeRawBufferPointer) -> Bool

    /// The model in a file, with what people say of it applied.
    ///
    /// - Throws: an error whose text says what is wrong with the file.
    static func decode(
        _ bytes: UnsafeRawBufferPointer,
        path: String,
        metadata: ModelMetadata,
        tools: inout FormatTools
    ) throws -> ModelContent
}

/// What a model file holds.
package struct ModelContent: Sendable {
    package var parameters: ModelParameters
    /// Rows whose scores are known, of the file itself or beside it.
    package var golden: [ModelMetadata.GoldenRow]
    /// How far their scores may be off.
    package var goldenTolerance: Double

    package init(
        parameters: ModelParameters,
        golden: [ModelMetadata.GoldenRow] = [],
        goldenTolerance: Double = ModelChecks.goldenTolerance
    ) {
        self.parameters = parameters
        self.golden = golden
        self.goldenTolerance = goldenTolerance
    }
}

/// The formats that are read, one line each.
package enum ModelFormats {
    /// In the order in which they are tried; pickles explain what none recognises.
    static let all: [any ModelFormat.Type] = [
        ONNXFormat.self,
        PickleFormat.self,
    ]

    /// The format of a file by its content.
    package static func format(of bytes: UnsafeRawBufferPointer) -> any ModelFormat.Type {
        // The usual one first: asking it costs no look at the table.
        if PickleFormat.recognizes(bytes) { return PickleFormat.self }
        return all.first { $0.recognizes(bytes) } ?? PickleFormat.self
    }
}
