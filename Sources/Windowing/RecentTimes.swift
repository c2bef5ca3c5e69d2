/// The last eight distinct reading times of every series, to find repeated readings.
struct RecentTimes: Sendable {
    static let capacity = 8
    /// Never an event time; marks a free place.
    private static let none = Int64.min

    private var rings: [SIMD8<Int64>] = []
    /// Per series: the place that is overwritten next.
    private var places: [UInt8] = []

    /// Makes room for this many series.
    mutating func grow(to count: Int) {
        while rings.count < count {
            rings.append(SIMD8(repeating: Self.none))
            places.append(0)
        }
    }

    /// Remembers a time, forgetting the oldest; false when it was remembered already.
    @inline(__always)
    mutating func insert(_ time: Int64, series: Int) -> Bool {
        if any(rings[series] .== time) { return false }
        let place = Int(places[series])
        rings[series][place] = time
        places[series] = UInt8(truncatingIfNeeded: (place &+ 1) & (Self.capacity - 1))
        return true
    }

    /// The remembered times of a series, oldest first.
    func times(of series: Int) -> [Int64] {
        let place = Int(places[series])
        return (0..<Self.capacity)
            .map { rings[series][(place + $0) % Self.capacity] }
            .filter { $0 != Self.none }
    }
}
