package import Core
package import Inference

/// One model on its way into a pack.
///
/// Making one hashes and checks the block, so make it where the work is spread over cores.
package struct PackEntry: Sendable {
    package let key: SeriesKey
    /// The encoded numbers, as ``ModelEncoder`` gives them; empty for an undecodable file.
    package let block: [UInt8]
    /// Holds training facts only: what the block itself tells is derived when it is shown.
    package var description: ModelDescription
    package var findings: [ModelFinding]
    /// The SHA-256 of the block: the `model_digest` of its predictions.
    package let digest: PackDigest
    /// Where the model was decoded from: a path below the imported folder or archive.
    package var sourcePath: String
    /// The SHA-256 of that file, so that only a changed one is decoded again.
    package var sourceDigest: PackDigest

    let seal: BlockSeal

    package init(
        key: SeriesKey,
        block: [UInt8],
        description: ModelDescription,
        findings: [ModelFinding],
        sourcePath: String = "",
        sourceDigest: PackDigest = .none
    ) {
        self.key = key
        self.block = block
        self.description = description
        self.findings = findings
        self.sourcePath = sourcePath
        self.sourceDigest = sourceDigest
        seal = block.withUnsafeBytes { BlockSeal($0) }
        digest = seal.digest
    }

    /// The entry of a model file that could not be decoded: its key, and why.
    ///
    /// It keeps the key in the fleet, so that every run answers for it.
    package static func undecodable(
        key: SeriesKey,
        message: String,
        sourcePath: String = "",
        sourceDigest: PackDigest = .none
    ) -> PackEntry {
        PackEntry(
            key: key,
            block: [],
            description: ModelDescription(undecodable: message),
            findings: [ModelFinding(.error, code: "undecodable", message)],
            sourcePath: sourcePath,
            sourceDigest: sourceDigest
        )
    }

    /// Whether there is nothing to score with.
    package var isUndecodable: Bool { block.isEmpty }
}
