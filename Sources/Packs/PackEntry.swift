package import Core
package import Inference

/// One model on its way into a pack.
package struct PackEntry: Sendable {
    package var key: SeriesKey
    /// The encoded numbers, as ``ModelEncoder`` gives them.
    package var block: [UInt8]
    package var description: ModelDescription
    package var findings: [ModelFinding]

    package init(
        key: SeriesKey,
        block: [UInt8],
        description: ModelDescription,
        findings: [ModelFinding]
    ) {
        self.key = key
        self.block = block
        self.description = description
        self.findings = findings
    }

    /// The entry of a model file that could not be decoded: its key, and why.
    ///
    /// It keeps the key in the fleet, so that every run answers for it.
    package static func undecodable(key: SeriesKey, message: String) -> PackEntry {
        PackEntry(
            key: key,
            block: [],
            description: ModelDescription(undecodable: message),
            findings: [ModelFinding(.error, code: "undecodable", message)]
        )
    }

    /// Whether there is nothing to score with.
    package var isUndecodable: Bool { block.isEmpty }
}
