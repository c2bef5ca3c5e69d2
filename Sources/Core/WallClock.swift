#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif
// Whole-module builds find the members of timespec in this module of the toolchain.
#if canImport(SwiftOverlayShims)
import SwiftOverlayShims
#endif

/// Tells the date; tests pass one they move by hand.
public protocol WallClock: Sendable {
    var now: Timestamp { get }

    /// Time that passed since some moment; it goes on evenly when the date is set.
    var uptime: Duration { get }
}

extension WallClock {
    /// Of a clock that nobody sets.
    public var uptime: Duration { .microseconds(now.microseconds) }
}

/// The machine's real-time clock.
public struct SystemWallClock: WallClock {
    public init() {}

    public var now: Timestamp { Timestamp(microseconds: Self.microseconds(CLOCK_REALTIME)) }

    /// The time that the machine was awake.
    public var uptime: Duration { .microseconds(Self.microseconds(CLOCK_MONOTONIC)) }

    private static func microseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
