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
}

/// The machine's real-time clock.
public struct SystemWallClock: WallClock {
    public init() {}

    public var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(
            microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
        )
    }
}
