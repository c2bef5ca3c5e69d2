internal import Core
internal import Inference

/// What a pack keeps of a block to find it, to name it and to notice damage.
struct BlockSeal: Sendable {
    let family: UInt16
    let digest: PackDigest
    let hash: UInt64
    /// Why the block is no model, nil when it is one.
    let problem: String?

    /// Hashes a block and checks that it is a model; an empty one is an undecodable file's.
    init(_ block: UnsafeRawBufferPointer) {
        digest = PackDigest(of: block)
        hash = XXHash64.hash(block)
        var family = PackLayout.undecodableFamily
        var problem: String?
        if !block.isEmpty {
            do {
                family = try ModelView(validating: block).family
                if !PackLayout.isModelFamily(family) {
                    problem = "its family \(family) is reserved"
                }
            } catch {
                problem = error.message
            }
        }
        self.family = family
        self.problem = problem
    }
}
