#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Functions that a fitted model's constants are made with.
enum RealFunctions {
    /// A finite stand-in for the logarithm of zero, so that its class never wins.
    static let lowest = -1e300

    /// The logarithm of a number that is not negative.
    static func logarithm(_ value: Double) -> Double { value > 0 ? log(value) : lowest }

    static func exponential(_ value: Double) -> Double { exp(value) }

    /// The derivative of the logarithm of the gamma function, for positive numbers.
    ///
    /// - Source: Abramowitz and Stegun, 6.3.5 and 6.3.18.
    static func digamma(_ value: Double) -> Double {
        var x = value
        var result = 0.0
        while x < 12 {
            result -= 1 / x
            x += 1
        }
        let z = 1 / (x * x)
        let tail =
            z * (1.0 / 12 - z * (1.0 / 120 - z * (1.0 / 252 - z * (1.0 / 240 - z * (1.0 / 132)))))
        return result + log(x) - 0.5 / x - tail
    }
}
