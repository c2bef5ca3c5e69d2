/// The smallest and the largest reading.
struct Extremes: Sendable, Equatable, BitwiseCopyable {
    var min: Double
    var max: Double

    @inline(__always)
    init(value: Double) {
        min = value
        max = value
    }

    @inline(__always)
    mutating func insert(_ value: Double) {
        min = value < min ? value : min
        max = value > max ? value : max
    }

    mutating func merge(_ other: Extremes) {
        insert(other.min)
        insert(other.max)
    }
}
