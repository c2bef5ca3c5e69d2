/// How long to wait before trying again: doubling from a first delay to a longest, with jitter.
///
/// Jitter keeps a fleet of clients from returning to a broker all at once.
package struct Backoff: Sendable, Hashable {
    package let first: Duration
    package let longest: Duration
    private var current: Duration

    /// - Range: `first` is above zero and at most `longest`.
    package init(first: Duration, longest: Duration) {
        self.first = max(first, .milliseconds(1))
        self.longest = max(longest, self.first)
        current = self.first
    }

    /// The next delay: between half the doubled delay and all of it, by a number from 0 to 1.
    package mutating func next(random: Double) -> Duration {
        let share = 0.5 + 0.5 * (random.isFinite ? min(max(random, 0), 1) : 1)
        defer { current = current >= longest / 2 ? longest : current * 2 }
        return current * share
    }

    /// Begins anew at the first delay.
    package mutating func reset() {
        current = first
    }
}
