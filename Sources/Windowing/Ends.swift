/// The readings with the smallest and the largest event time.
///
/// Of equal times the first inserted is first and the last inserted is last.
struct Ends: Sendable, Equatable, BitwiseCopyable {
    var firstTime: Int64
    var lastTime: Int64
    var first: Double
    var last: Double

    @inline(__always)
    init(time: Int64, value: Double) {
        firstTime = time
        lastTime = time
        first = value
        last = value
    }

    @inline(__always)
    mutating func insert(time: Int64, value: Double) {
        if time < firstTime {
            firstTime = time
            first = value
        }
        if time >= lastTime {
            lastTime = time
            last = value
        }
    }

    mutating func merge(_ other: Ends) {
        if other.firstTime < firstTime {
            firstTime = other.firstTime
            first = other.first
        }
        if other.lastTime >= lastTime {
            lastTime = other.lastTime
            last = other.last
        }
    }

    /// The change from first to last a second; NaN when the times are equal.
    @inline(__always)
    var rate: Double {
        guard lastTime > firstTime else { return .nan }
        return (last - first) / (Double(lastTime &- firstTime) * 1e-6)
    }
}
