/// e to the power of each element.
enum ExpOperator: UnaryFloatOperator {
    static let name = "Exp"
    static let versions = [6, 13]
    @inline(__always)
    static func apply<T: GraphFloat>(_ value: T, _ settings: Void) -> T { value.exponential() }
}

/// The natural logarithm of each element.
enum LogOperator: UnaryFloatOperator {
    static let name = "Log"
    static let versions = [6, 13]
    @inline(__always)
    static func apply<T: GraphFloat>(_ value: T, _ settings: Void) -> T {
        value.naturalLogarithm()
    }
}

/// The square root of each element.
enum SqrtOperator: UnaryFloatOperator {
    static let name = "Sqrt"
    static let versions = [6, 13]
    @inline(__always)
    static func apply<T: GraphFloat>(_ value: T, _ settings: Void) -> T { value.squareRoot() }
}

/// 1 divided by each element.
enum ReciprocalOperator: UnaryFloatOperator {
    static let name = "Reciprocal"
    static let versions = [6, 13]
    @inline(__always)
    static func apply<T: GraphFloat>(_ value: T, _ settings: Void) -> T { 1 / value }
}

/// The logistic function of each element.
enum SigmoidOperator: UnaryFloatOperator {
    static let name = "Sigmoid"
    static let versions = [6, 13]
    @inline(__always)
    static func apply<T: GraphFloat>(_ value: T, _ settings: Void) -> T { value.logistic() }
}

/// The hyperbolic tangent of each element.
enum TanhOperator: UnaryFloatOperator {
    static let name = "Tanh"
    static let versions = [6, 13]
    @inline(__always)
    static func apply<T: GraphFloat>(_ value: T, _ settings: Void) -> T {
        value.hyperbolicTangent()
    }
}

/// The error function of each element.
enum ErfOperator: UnaryFloatOperator {
    static let name = "Erf"
    static let versions = [9, 13]
    @inline(__always)
    static func apply<T: GraphFloat>(_ value: T, _ settings: Void) -> T { value.errorFunction() }
}

/// log(1 + exp(x)) of each element.
enum SoftplusOperator: UnaryFloatOperator {
    static let name = "Softplus"
    static let versions = [1, 22]
    @inline(__always)
    static func apply<T: GraphFloat>(_ value: T, _ settings: Void) -> T {
        value > 0
            ? value + (-value).exponential().logarithmOfOneMore()
            : value.exponential().logarithmOfOneMore()
    }
}

/// Each element, the negative ones multiplied by a small factor.
enum LeakyReluOperator: UnaryFloatOperator {
    static let name = "LeakyRelu"
    static let versions = [6, 16]
    static func settings(_ call: OperatorCall) throws(GraphError) -> Float {
        try call.float("alpha") ?? 0.01
    }
    @inline(__always)
    static func apply<T: GraphFloat>(_ value: T, _ alpha: Float) -> T {
        value < 0 ? value * T(alpha) : value
    }
}

/// Each element, the negative ones bent toward a limit.
enum EluOperator: UnaryFloatOperator {
    static let name = "Elu"
    static let versions = [6, 22]
    static func settings(_ call: OperatorCall) throws(GraphError) -> Float {
        try call.float("alpha") ?? 1
    }
    @inline(__always)
    static func apply<T: GraphFloat>(_ value: T, _ alpha: Float) -> T {
        value < 0 ? T(alpha) * (value.exponential() - 1) : value
    }
}

/// Each element scaled, the negative ones bent toward a limit.
enum SeluOperator: UnaryFloatOperator {
    static let name = "Selu"
    static let versions = [6, 22]
    static func settings(_ call: OperatorCall) throws(GraphError) -> (alpha: Float, gamma: Float) {
        let alpha = try call.float("alpha") ?? 1.673_263_2
        return (alpha, try call.float("gamma") ?? 1.050_701)
    }
    @inline(__always)
    static func apply<T: GraphFloat>(
        _ value: T,
        _ settings: (alpha: Float, gamma: Float)
    ) -> T {
        let alpha = T(settings.alpha)
        return T(settings.gamma)
            * (value > 0 ? value : alpha * value.exponential() - alpha)
    }
}

/// Each element times the share of a normal distribution below it.
enum GeluOperator: UnaryFloatOperator {
    static let name = "Gelu"
    static let versions = [20]
    static func settings(_ call: OperatorCall) throws(GraphError) -> Bool {
        switch try call.string("approximate") ?? "none" {
        case "none": return false
        case "tanh": return true
        case let other: throw GraphError(.unsupported, "approximate '\(other)'")
        }
    }
    @inline(__always)
    static func apply<T: GraphFloat>(_ value: T, _ usesTanh: Bool) -> T {
        guard usesTanh else {
            return value * T(0.5) * (1 + (value * T(0.5.squareRoot())).errorFunction())
        }
        let inner = T((2 / Double.pi).squareRoot()) * (value + T(0.044715) * value * value * value)
        return value * T(0.5) * (1 + inner.hyperbolicTangent())
    }
}

/// A straight line cut off at 0 and 1.
enum HardSigmoidOperator: UnaryFloatOperator {
    static let name = "HardSigmoid"
    static let versions = [6, 22]
    static func settings(_ call: OperatorCall) throws(GraphError) -> (alpha: Float, beta: Float) {
        let alpha = try call.float("alpha") ?? 0.2
        return (alpha, try call.float("beta") ?? 0.5)
    }
    @inline(__always)
    static func apply<T: GraphFloat>(_ value: T, _ settings: (alpha: Float, beta: Float)) -> T {
        let line = T(settings.alpha) * value + T(settings.beta)
        return line < 0 ? 0 : line > 1 ? 1 : line
    }
}

/// The next whole number below.
enum FloorOperator: UnaryFloatOperator {
    static let name = "Floor"
    static let versions = [6, 13]
    @inline(__always)
    static func apply<T: GraphFloat>(_ value: T, _ settings: Void) -> T { value.rounded(.down) }
}

/// The next whole number above.
enum CeilOperator: UnaryFloatOperator {
    static let name = "Ceil"
    static let versions = [6, 13]
    @inline(__always)
    static func apply<T: GraphFloat>(_ value: T, _ settings: Void) -> T { value.rounded(.up) }
}

/// The nearest whole number, halves to the even one.
enum RoundOperator: UnaryFloatOperator {
    static let name = "Round"
    static let versions = [11, 22]
    @inline(__always)
    static func apply<T: GraphFloat>(_ value: T, _ settings: Void) -> T {
        value.rounded(.toNearestOrEven)
    }
}
