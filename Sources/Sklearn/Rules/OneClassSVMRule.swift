internal import Inference

/// The one-class SVM: sum of dual coefficients times K, plus intercept.
enum OneClassSVMRule: EstimatorRule {
    static let package: StaticString = "sklearn.svm"
    static let classNames: [StaticString] = ["OneClassSVM"]
    static let role = EstimatorRole.final

    /// Reads the machine; `n_support_` is not read: old versions wrote uninitialised memory there.
    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        let reading = try SupportVectorReading(estimator, into: &model)
        let nu = try estimator.number("nu")
        model.append(try reading.machine(estimator, nu: nu, isOneClass: true), columns: 1)
        model.finish("one_class_svm", .aboveZeroIsNormal)
    }
}
