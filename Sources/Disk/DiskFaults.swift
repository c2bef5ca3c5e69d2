/// What goes wrong on a ``FaultyDisk``; nothing does by default, except what a crash loses.
package struct DiskFaults: Sendable {
    /// Where the random decisions start.
    package var seed: UInt64 = 1
    /// A crash keeps a random part of the un-synced bytes and name changes instead of none.
    package var tearsWrites = false
    /// A crash flips random bits in the un-synced bytes that it keeps.
    package var rotsBits = false
    /// The chance of a write to fail after a random part of its bytes.
    package var writeErrorProbability = 0.0
    /// The chance of a sync to fail; what it should have synced stays un-synced.
    package var syncErrorProbability = 0.0
    /// Bytes that still fit; nil is no limit.
    ///
    /// Removing and truncating give bytes back.
    package var freeByteCount: Int?
    /// Syncs answer success and do nothing.
    package var syncIsIgnored = false
    /// After so many calls the power fails: that call and every later one throws.
    package var powerFailsAfterCallCount: Int?

    package init(seed: UInt64 = 1) {
        self.seed = seed
    }
}

/// A small seeded generator, so that a failing run can be repeated.
///
/// - Source: Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators (SplitMix64).
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Starts the sequence of a seed.
    package init(seed: UInt64) {
        state = seed
    }

    /// The next 64 random bits.
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
