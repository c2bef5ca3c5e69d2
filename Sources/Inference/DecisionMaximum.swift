/// Decides whether the decision of a one-class SVM is above 0 anywhere.
enum DecisionMaximum {
    /// Starting points of the search.
    static let startCountMax = 256
    static let iterationCountMax = 200
    /// Kernel columns evaluated before fewer starting points are taken.
    static let workMax = 50_000_000
    /// A maximum within this share of the sizes involved is rounding, not a decision above 0.
    static let rounding = 1e-12

    /// Whether no row at all can be above 0, as far as that can be shown; false when unknown.
    ///
    /// A bound settles it for any kernel that has one. Otherwise an rbf machine with coefficients
    /// that are not negative is searched by mean shift, which climbs its decision from support
    /// vectors.
    ///
    /// - Source: Fukunaga and Hostetler, Estimation of the gradient of a density function (1975).
    static func isNeverPositive(_ svm: SupportVectorMachine) -> Bool {
        let count = svm.dualCoefficients.count
        guard count > 0 else { return svm.intercept <= 0 }
        guard svm.supportVectors.count.isMultiple(of: count) else { return false }
        if let bound = upperBound(svm), bound <= 0 { return true }
        guard svm.kernel == .rbf, svm.gamma > 0, !svm.supportVectors.isEmpty,
            svm.dualCoefficients.allSatisfy({ $0 >= 0 && $0.isFinite }), svm.intercept.isFinite
        else { return false }
        return !climbs(svm, width: svm.supportVectors.count / count)
    }

    /// A number that no decision exceeds; nil when the kernel has no such bound.
    private static func upperBound(_ svm: SupportVectorMachine) -> Double? {
        let coefficients = svm.dualCoefficients
        let constant: Double?
        switch svm.kernel {
        case .rbf where svm.gamma == 0: constant = 1
        case .polynomial where svm.gamma == 0 || svm.degree == 0:
            constant = ScalarKernel.power(svm.coef0, max(0, svm.degree))
        default: constant = nil
        }
        if let constant { return coefficients.reduce(0) { $0 + $1 * constant } + svm.intercept }
        switch svm.kernel {
        case .rbf: return coefficients.reduce(0) { $0 + max(0, $1) } + svm.intercept
        case .sigmoid: return coefficients.reduce(0) { $0 + $1.magnitude } + svm.intercept
        case .linear: return hasZeroWeights(svm) ? svm.intercept : nil
        case .polynomial: return nil
        }
    }

    private static func hasZeroWeights(_ svm: SupportVectorMachine) -> Bool {
        let width = svm.supportVectors.count / svm.dualCoefficients.count
        return (0..<width).allSatisfy { column in
            var sum = 0.0
            for (index, coefficient) in svm.dualCoefficients.enumerated() {
                sum += coefficient * svm.supportVectors[index * width + column]
            }
            return sum == 0
        }
    }

    /// Whether a climb from any starting point gets above 0.
    private static func climbs(_ svm: SupportVectorMachine, width: Int) -> Bool {
        let count = svm.dualCoefficients.count
        let total = svm.dualCoefficients.reduce(0, +)
        let scale = total + svm.intercept.magnitude
        // Nearly every sound machine is above 0 in the middle of its support vectors.
        if total > 0 {
            var middle = Array(repeating: 0.0, count: width)
            for (index, coefficient) in svm.dualCoefficients.enumerated() {
                for column in 0..<width {
                    middle[column] += coefficient * svm.supportVectors[index * width + column]
                }
            }
            for column in 0..<width { middle[column] /= total }
            if lowerBound(middle, svm) > rounding * scale { return true }
            if shift(&middle, svm) > rounding * scale { return true }
        }
        let affordable = workMax / (svm.supportVectors.count * 20)
        let starts = min(count, startCountMax, max(8, affordable))
        for start in 0..<starts {
            let vector = start * count / starts
            var point = Array(svm.supportVectors[(vector * width)..<((vector + 1) * width)])
            var previous = -Double.infinity
            for _ in 0..<iterationCountMax {
                let decision = shift(&point, svm)
                if decision > rounding * scale { return true }
                // Mean shift never goes down; it has arrived when it no longer goes up.
                if !(decision - previous > 1e-13 * scale) { break }
                previous = decision
            }
        }
        return false
    }

    /// A number that the decision at a point is not below.
    ///
    /// (1 - x / 32)^32 is at most e^-x, and takes five multiplications.
    private static func lowerBound(_ point: [Double], _ svm: SupportVectorMachine) -> Double {
        let width = point.count
        var sum = 0.0
        svm.supportVectors.withUnsafeBufferPointer { vectors in
            svm.dualCoefficients.withUnsafeBufferPointer { coefficients in
                point.withUnsafeBufferPointer { point in
                    for index in 0..<coefficients.count {
                        var distance = 0.0
                        for column in 0..<width {
                            let difference = point[column] - vectors[index &* width &+ column]
                            distance += difference * difference
                        }
                        var power = max(0, 1 - svm.gamma * distance * 0.03125)
                        power *= power
                        power *= power
                        power *= power
                        power *= power
                        power *= power
                        sum += coefficients[index] * power
                    }
                }
            }
        }
        return sum + svm.intercept
    }

    /// Moves a point to the mean of the support vectors as it sees them; gives its old decision.
    private static func shift(_ point: inout [Double], _ svm: SupportVectorMachine) -> Double {
        let width = point.count
        let kernel = ScalarKernel(kind: .rbf, gamma: svm.gamma, coef0: 0, degree: 0)
        var total = 0.0
        var mean = Array(repeating: 0.0, count: width)
        for (index, coefficient) in svm.dualCoefficients.enumerated() {
            var distance = 0.0
            for column in 0..<width {
                let difference = point[column] - svm.supportVectors[index * width + column]
                distance += difference * difference
            }
            let weight = coefficient * kernel.value(of: distance)
            total += weight
            for column in 0..<width {
                mean[column] += weight * svm.supportVectors[index * width + column]
            }
        }
        if total > 0 {
            for column in 0..<width { point[column] = mean[column] / total }
        }
        return total + svm.intercept
    }
}
