/// The trees of an ensemble in a compact form, each in depth-first order.
///
/// A node's true branch is the next node, its false branch is named; both lie behind it, so that
/// every walk ends. Both the operators and the packed stage evaluate this form.
struct ForestTable: Sendable, Equatable {
    /// How the votes of the trees become one number.
    enum Aggregate: UInt8, Sendable {
        case sum, average, minimum, maximum
    }

    /// What the numbers of all targets become in the end.
    enum Kind: UInt8, Sendable {
        case scores
        /// The class, then a score for each.
        case classes
        /// The class, then the scores of two, from one target.
        case oneTarget
        /// The class, then its score, the largest.
        case bestClass
    }

    /// How a node compares; the last two are no comparisons with a number.
    enum Mode: UInt32, Sendable {
        case atMost, below, atLeast, above, equal, notEqual, member, leaf
    }

    var aggregate = Aggregate.sum
    var kind = Kind.scores
    var transform = MLTransform.none
    /// Whether results are rounded to 32 bits, before and after the transform.
    var isFloat = true
    /// Whether inputs are rounded to 32 bits.
    var roundsInput = false
    var targetCount = 1
    /// Of a classifier of one target: which it is.
    var target = 0
    var base: [Double] = []
    var roots: [UInt32] = []
    /// The threshold; of a leaf with one vote its weight, of a set its first member and count.
    var values: [Double] = []
    /// `feature << 4 | missing goes to the true branch << 3 | mode`; of a leaf `votes << 4 | 7`.
    var keys: [UInt32] = []
    /// The node of the false branch; of a leaf its target, or its first vote when not just one.
    var links: [UInt32] = []
    var voteTargets: [UInt32] = []
    var voteWeights: [Double] = []
    var members: [Double] = []
    /// One more than the largest feature that a node reads.
    var featureCount = 0

    static func key(feature: Int, mode: Mode, missingGoesTrue: Bool) -> UInt32 {
        UInt32(truncatingIfNeeded: feature) << 4 | (missingGoesTrue ? 8 : 0) | mode.rawValue
    }

    /// Numbers of a result row.
    var outputCount: Int {
        switch kind {
        case .scores: targetCount
        case .classes: 1 + targetCount
        case .oneTarget: 3
        case .bestClass: 2
        }
    }

    /// The table as it is evaluated; valid within the closure.
    func withView<Result>(_ body: (ForestView) -> Result) -> Result {
        base.withUnsafeBufferPointer { base in
            roots.withUnsafeBufferPointer { roots in
                values.withUnsafeBufferPointer { values in
                    keys.withUnsafeBufferPointer { keys in
                        links.withUnsafeBufferPointer { links in
                            voteTargets.withUnsafeBufferPointer { targets in
                                voteWeights.withUnsafeBufferPointer { weights in
                                    members.withUnsafeBufferPointer { members in
                                        body(
                                            ForestView(
                                                settings: ForestSettings(self),
                                                base: base,
                                                roots: roots,
                                                values: values,
                                                keys: keys,
                                                links: links,
                                                voteTargets: targets,
                                                voteWeights: weights,
                                                members: members
                                            )
                                        )
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What a forest does with its votes.
struct ForestSettings {
    var aggregate: ForestTable.Aggregate
    var kind: ForestTable.Kind
    var transform: MLTransform
    var isFloat: Bool
    var roundsInput: Bool
    var targetCount: Int
    var target: Int

    init(_ table: ForestTable) {
        aggregate = table.aggregate
        kind = table.kind
        transform = table.transform
        isFloat = table.isFloat
        roundsInput = table.roundsInput
        targetCount = table.targetCount
        target = table.target
    }
}
