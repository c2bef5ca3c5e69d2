internal import Inference

/// Support-vector regression: the decision is the value.
enum SupportVectorRegressorRule: EstimatorRule {
    static let package: StaticString = "sklearn.svm"
    static let classNames: [StaticString] = ["SVR", "NuSVR"]
    static let role = EstimatorRole.final

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        let reading = try SupportVectorReading(estimator, into: &model)
        model.append(try reading.machine(estimator), columns: 1)
        model.finish(estimator.typeName, .value)
    }
}

/// Support-vector classification: LIBSVM's votes, and scikit-learn's decision function as score.
///
/// Probabilities (`probability=True`) are not used: scikit-learn's own labels ignore them too.
enum SupportVectorClassifierRule: EstimatorRule {
    static let package: StaticString = "sklearn.svm"
    static let classNames: [StaticString] = ["SVC", "NuSVC"]
    static let role = EstimatorRole.final

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        let reading = try SupportVectorReading(estimator, into: &model)
        let classes = try estimator.classes()
        if classes.count == 2 {
            // scikit-learn turns the sign of LIBSVM's decision around, so that 0 is the second.
            model.append(try reading.machine(estimator, sign: -1), columns: 1)
            model.finish(
                estimator.typeName,
                ModelHead(label: .notNegative(column: 0), labels: classes)
            )
            return
        }
        let pairs = classes.count * (classes.count - 1) / 2
        guard classes.count > 2, reading.intercepts.count == pairs,
            reading.coefficients.count == (classes.count - 1) * reading.count
        else {
            throw .malformed(
                "\(estimator.label) has \(classes.count) classes, but \(reading.intercepts.count) "
                    + "intercepts and \(reading.coefficients.count) dual coefficients"
            )
        }
        let machine = SupportVectorClassifier(
            kernel: reading.kernel,
            gamma: reading.gamma,
            coef0: reading.coef0,
            degree: reading.degree,
            supportVectors: reading.vectors,
            classSizes: try classSizes(estimator, classes.count, total: reading.count),
            dualCoefficients: reading.coefficients,
            intercepts: reading.intercepts,
            shape: shape(estimator)
        )
        model.append(machine, columns: 2)
        model.finish(
            estimator.typeName,
            ModelHead(label: .index(column: 1), labels: classes)
        )
    }

    private static func classSizes(
        _ estimator: EstimatorAttributes,
        _ count: Int,
        total: Int
    ) throws(SklearnError) -> [Int] {
        var numbers = try estimator.vector("_n_support")
        if numbers == nil { numbers = try estimator.vector("n_support_") }
        let sizes = (numbers ?? []).compactMap { Int(exactly: $0) }
        guard sizes.count == count, sizes.allSatisfy({ (0...total).contains($0) }),
            sizes.reduce(0, +) == total
        else {
            throw .malformed(
                "\(estimator.label) does not say how many support vectors each class has"
            )
        }
        return sizes
    }

    private static func shape(_ estimator: EstimatorAttributes) -> SupportVectorClassifier.Shape {
        guard estimator.text("decision_function_shape") ?? "ovr" == "ovr" else {
            return .oneVersusOne
        }
        return estimator.flag("break_ties", default: false) ? .breakingTies : .oneVersusRest
    }
}
