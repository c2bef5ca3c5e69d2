#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A support-vector kernel over one product, as LIBSVM computes it.
///
/// - Source: Chang and Lin, LIBSVM, `Kernel::k_function` and `powi`.
struct ScalarKernel {
    let kind: SVMKernel
    let gamma: Double
    let coef0: Double
    let degree: Int

    /// The kernel of a dot product, or, for rbf, of a squared distance.
    func value(of product: Double) -> Double {
        switch kind {
        case .linear: product
        case .polynomial: Self.power(gamma * product + coef0, degree)
        case .rbf: exp(-gamma * product)
        case .sigmoid: tanh(gamma * product + coef0)
        }
    }

    /// The integer power by squaring.
    static func power(_ base: Double, _ exponent: Int) -> Double {
        var square = base
        var result = 1.0
        var rest = exponent
        while rest > 0 {
            if rest % 2 == 1 { result *= square }
            square *= square
            rest /= 2
        }
        return result
    }
}
