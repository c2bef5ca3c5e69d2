/// How long a sender waits for a server that is full or away before it tries again.
///
/// As long as the server says, at most a minute; else longer with every refusal. When everything
/// was refused for the whole of ``limit``, it is over.
package struct SendBackoff: Sendable {
    package let limit: Duration
    private var next = Duration.milliseconds(100)

    package static let delayMax = Duration.seconds(10)
    package static let retryAfterMax = Duration.seconds(60)

    package init(limit: Duration = .seconds(300)) { self.limit = limit }

    /// The time to wait after one more refusal, so long after the first; nil when that was enough.
    package mutating func delay(retryAfter: Duration?, waited: Duration) -> Duration? {
        guard waited < limit else { return nil }
        let own = next
        next = min(next * 2, Self.delayMax)
        return min(retryAfter.map { max($0, own) } ?? own, Self.retryAfterMax)
    }
}
