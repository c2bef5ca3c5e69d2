#if canImport(Glibc)
private import Glibc
#elseif canImport(Musl)
private import Musl
#elseif canImport(Darwin)
private import Darwin
#endif

/// The two floating-point types that operators compute in.
///
/// 32-bit functions are computed with 64 bits and rounded once, so that the variant of the
/// mathematical library a processor gets does not show.
protocol GraphFloat: BinaryFloatingPoint, TensorElement {
    var wide: Double { get }
    init(wide: Double)
}

extension Float: GraphFloat {
    @inline(__always) var wide: Double { Double(self) }
    @inline(__always) init(wide: Double) { self = Float(wide) }
}

extension Double: GraphFloat {
    @inline(__always) var wide: Double { self }
    @inline(__always) init(wide: Double) { self = wide }
}

extension GraphFloat {
    func exponential() -> Self { Self(wide: exp(wide)) }
    func naturalLogarithm() -> Self { Self(wide: log(wide)) }
    func logarithmOfOneMore() -> Self { Self(wide: log1p(wide)) }
    func hyperbolicTangent() -> Self { Self(wide: tanh(wide)) }
    func errorFunction() -> Self { Self(wide: erf(wide)) }
    func raised(to exponent: Double) -> Self { Self(wide: pow(wide, exponent)) }

    /// 1 / (1 + exp(-x)), without overflow on either side.
    func logistic() -> Self {
        let x = wide
        if x >= 0 { return Self(wide: 1 / (1 + exp(-x))) }
        let power = exp(x)
        return Self(wide: power / (1 + power))
    }
}
