#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The inverse of the normal distribution.
enum NormalQuantile {
    /// What scikit-learn cuts the normal distribution off at, so that nothing becomes infinite.
    static let lowest = value(1e-7 - Double.ulpOfOne)
    static let highest = value(1 - (1e-7 - Double.ulpOfOne))

    /// The number below which a standard normal variable is with a probability.
    ///
    /// - Source: Cephes Math Library, ndtri.c (S. Moshier), which SciPy's norm.ppf calls.
    static func value(_ probability: Double) -> Double {
        if probability == 0 { return -.infinity }
        if probability == 1 { return .infinity }
        guard probability > 0, probability < 1 else { return .nan }
        var isUpper = false
        var y = probability
        if y > 1 - expMinus2 {
            y = 1 - y
            isUpper = true
        }
        if y > expMinus2 {
            y -= 0.5
            let square = y * y
            let ratio = polynomial(square, middleTop) / monic(square, middleBottom)
            return (y + y * (square * ratio)) * rootOf2Pi
        }
        let x = (-2 * log(y)).squareRoot()
        let first = x - log(x) / x
        let z = 1 / x
        let (top, bottom) = x < 8 ? (nearTop, nearBottom) : (farTop, farBottom)
        let second = z * polynomial(z, top) / monic(z, bottom)
        return isUpper ? first - second : -(first - second)
    }

    private static func polynomial(_ x: Double, _ coefficients: [Double]) -> Double {
        coefficients.dropFirst().reduce(coefficients[0]) { $0 * x + $1 }
    }

    /// The same with a first coefficient of 1 that is not in the list.
    private static func monic(_ x: Double, _ coefficients: [Double]) -> Double {
        coefficients.dropFirst().reduce(x + coefficients[0]) { $0 * x + $1 }
    }

    private static let expMinus2 = 0.13533528323661269189
    private static let rootOf2Pi = 2.50662827463100050242

    // Cephes' names: P0, Q0 for 0.1353 <= y <= 0.8647; P1, Q1 for 2 <= x < 8; P2, Q2 beyond.
    private static let middleTop = [
        -5.99633501014107895267e1, 9.80010754185999661536e1, -5.66762857469070293439e1,
        1.39312609387279679503e1, -1.23916583867381258016e0,
    ]
    private static let middleBottom = [
        1.95448858338141759834e0, 4.67627912898881538453e0, 8.63602421390890590575e1,
        -2.25462687854119370527e2, 2.00260212380060660359e2, -8.20372256168333339912e1,
        1.59056225126211695515e1, -1.18331621121330003142e0,
    ]
    private static let nearTop = [
        4.05544892305962419923e0, 3.15251094599893866154e1, 5.71628192246421288162e1,
        4.40805073893200834700e1, 1.46849561928858024014e1, 2.18663306850790267539e0,
        -1.40256079171354495875e-1, -3.50424626827848203418e-2, -8.57456785154685413611e-4,
    ]
    private static let nearBottom = [
        1.57799883256466749731e1, 4.53907635128879210584e1, 4.13172038254672030440e1,
        1.50425385692907503408e1, 2.50464946208309415979e0, -1.42182922854787788574e-1,
        -3.80806407691578277194e-2, -9.33259480895457427372e-4,
    ]
    private static let farTop = [
        3.23774891776946035970e0, 6.91522889068984211695e0, 3.93881025292474443415e0,
        1.33303460815807542389e0, 2.01485389549179081538e-1, 1.23716634817820021358e-2,
        3.01581553508235416007e-4, 2.65806974686737550832e-6, 6.23974539184983293730e-9,
    ]
    private static let farBottom = [
        6.02427039364742014255e0, 3.67983563856160859403e0, 1.37702099489081330271e0,
        2.16236993594496635890e-1, 1.34204006088543189037e-2, 3.28014464682127739104e-4,
        2.89247864745380683936e-6, 6.79019408009981274425e-9,
    ]
}
