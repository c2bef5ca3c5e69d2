package import Core
import Synchronization

/// A wall clock that tests move by hand.
///
/// - Concurrency: any task.
package final class ManualWallClock: WallClock {
    private let time: Mutex<(now: Timestamp, uptime: Duration)>

    /// A clock that stands at a moment.
    package init(_ start: Timestamp) {
        time = Mutex((start, .zero))
    }

    package var now: Timestamp { time.withLock { $0.now } }
    package var uptime: Duration { time.withLock { $0.uptime } }

    /// Lets time pass.
    package func advance(by duration: Duration) {
        time.withLock { $0 = ($0.now + duration, $0.uptime + duration) }
    }

    /// Lets time pass until a moment.
    package func set(to moment: Timestamp) {
        time.withLock { $0 = (moment, $0.uptime + max(.zero, moment - $0.now)) }
    }

    /// Puts the date forward or back while no time passes.
    package func step(by duration: Duration) {
        time.withLock { $0.now = $0.now + duration }
    }
}

/// The machine's clock with every sleep cut to two milliseconds, so that no test waits for polling.
package struct ImpatientClock: Clock {
    private let clock = ContinuousClock()

    package init() {}

    package var now: ContinuousClock.Instant { clock.now }
    package var minimumResolution: Duration { clock.minimumResolution }

    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try await clock.sleep(until: min(deadline, clock.now + .milliseconds(2)), tolerance: .zero)
    }

    package typealias Instant = ContinuousClock.Instant
}
