#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The C library's functions of one number, apart from enumeration cases of the same names.
enum CLibrary {
    static func call(_ function: ElementFunction, _ value: Double) -> Double {
        switch function {
        case .cbrt: cbrt(value)
        case .exp: exp(value)
        case .exp2: exp2(value)
        case .expm1: expm1(value)
        case .log: log(value)
        case .log2: log2(value)
        case .log10: log10(value)
        case .log1p: log1p(value)
        case .sin: sin(value)
        case .cos: cos(value)
        case .tan: tan(value)
        case .arcsin: asin(value)
        case .arccos: acos(value)
        case .arctan: atan(value)
        case .sinh: sinh(value)
        case .cosh: cosh(value)
        case .tanh: tanh(value)
        case .arcsinh: asinh(value)
        case .arccosh: acosh(value)
        case .arctanh: atanh(value)
        default: value
        }
    }
}
