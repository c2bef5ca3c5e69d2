/// A function of one number that a FunctionTransformer may call, by numpy's name for it.
public enum ElementFunction: UInt32, Sendable, CaseIterable, BitwiseCopyable {
    case identity = 0
    case absolute, negative, reciprocal, sign, square, sqrt, cbrt
    case exp, exp2, expm1, log, log2, log10, log1p
    case sin, cos, tan, arcsin, arccos, arctan
    case sinh, cosh, tanh, arcsinh, arccosh, arctanh
    case floor, ceil, trunc, rint, degrees, radians
    /// NaN becomes 0.
    case nanToNum

    /// The function with a name of numpy's; nil when there is none.
    public init?(numpyName name: String) {
        guard let function = Self.byName[name] else { return nil }
        self = function
    }

    /// The value of the function, with the C library's functions.
    func callAsFunction(_ value: Double) -> Double {
        switch self {
        case .identity: value
        case .absolute: abs(value)
        case .negative: -value
        case .reciprocal: 1 / value
        case .sign: value > 0 ? 1 : value < 0 ? -1 : value == 0 ? 0 : value
        case .square: value * value
        case .sqrt: value.squareRoot()
        case .floor: value.rounded(.down)
        case .ceil: value.rounded(.up)
        case .trunc: value.rounded(.towardZero)
        case .rint: value.rounded(.toNearestOrEven)
        case .degrees: value * (180 / Double.pi)
        case .radians: value * (Double.pi / 180)
        case .nanToNum: value.isNaN ? 0 : value
        default: CLibrary.call(self, value)
        }
    }

    private static let byName: [String: ElementFunction] = {
        var table: [String: ElementFunction] = [:]
        for function in allCases where function != .identity && function != .nanToNum {
            table["\(function)"] = function
        }
        table["abs"] = .absolute
        table["fabs"] = .absolute
        table["positive"] = .identity
        table["acos"] = .arccos
        table["asin"] = .arcsin
        table["atan"] = .arctan
        table["acosh"] = .arccosh
        table["asinh"] = .arcsinh
        table["atanh"] = .arctanh
        table["rad2deg"] = .degrees
        table["deg2rad"] = .radians
        table["nan_to_num"] = .nanToNum
        return table
    }()
}
