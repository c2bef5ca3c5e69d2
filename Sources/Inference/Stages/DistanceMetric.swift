#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// How far apart two rows are.
public struct DistanceMetric: Sendable, Equatable {
    /// The metrics, numbered as in packed models.
    public enum Kind: UInt32, Sendable, CaseIterable {
        case euclidean = 0
        case manhattan = 1
        case chebyshev = 2
        case minkowski = 3
    }

    public var kind: Kind
    /// The power of minkowski; the others do not read it.
    public var power: Double

    public init(_ kind: Kind, power: Double = 2) {
        self.kind = kind
        self.power = power
    }

    public static let euclidean = DistanceMetric(.euclidean)

    /// The distance of a reduced one, which orders alike and is cheaper: a sum without its root.
    @inline(__always)
    func distance(reduced: Double) -> Double {
        switch kind {
        case .euclidean: reduced.squareRoot()
        case .manhattan, .chebyshev: reduced
        case .minkowski: pow(reduced, 1 / power)
        }
    }

    /// Adds what one column contributes to a reduced distance.
    @inline(__always)
    func add(_ difference: Double, to reduced: Double) -> Double {
        switch kind {
        case .euclidean: reduced + difference * difference
        case .manhattan: reduced + abs(difference)
        case .chebyshev: max(reduced, abs(difference))
        case .minkowski: reduced + pow(abs(difference), power)
        }
    }

    /// The distance of two rows, in scikit-learn's order of additions.
    func callAsFunction(_ left: [Double], _ right: ArraySlice<Double>) -> Double {
        var reduced = 0.0
        for (x, y) in zip(left, right) { reduced = add(x - y, to: reduced) }
        return distance(reduced: reduced)
    }
}
