#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// What is done to each output of a linear map.
public enum LinearActivation: UInt8, Sendable, CaseIterable {
    case identity = 0
    case relu = 1
    case logistic = 2
    case tanh = 3
    case exponential = 4
    /// Not a number beyond 2^45, where an argument's own rounding decides.
    case cosine = 5

    /// The value with the C library's functions.
    func reference(_ value: Double) -> Double {
        switch self {
        case .identity: value
        case .relu: value < 0 ? 0 : value
        case .logistic: 1 / (1 + exp(-value))
        case .tanh: Self.hyperbolicTangent(value)
        case .exponential: exp(value)
        case .cosine: cos(value)
        }
    }

    private static func hyperbolicTangent(_ value: Double) -> Double {
        // Inside the enum `tanh` is the case.
        let double = exp(2 * value.magnitude)
        let result = 1 - 2 / (double + 1)
        return value < 0 ? -result : result
    }
}
