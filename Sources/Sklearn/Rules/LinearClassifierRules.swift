internal import Inference

/// Linear classifiers; the label is that of the sign, or of the largest decision.
enum LinearClassifierRule: EstimatorRule {
    static let package: StaticString = "sklearn.linear_model"
    static let classNames: [StaticString] = [
        "LogisticRegression", "LogisticRegressionCV", "SGDClassifier", "Perceptron",
        "PassiveAggressiveClassifier", "RidgeClassifier", "RidgeClassifierCV",
    ]
    static let role = EstimatorRole.final

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        let rule: LinkRule
        switch estimator.step.className {
        case "LogisticRegression", "LogisticRegressionCV": rule = logisticRule(estimator)
        case "SGDClassifier":
            switch estimator.text("loss") ?? "" {
            case "log", "log_loss": rule = .logistic
            case "modified_huber": rule = .huber
            default: rule = .maximum
            }
        default: rule = .maximum
        }
        var holder = estimator
        // Ridge classifiers keep their classes in the object that made -1 and 1 of them.
        if estimator.find("classes_") == nil,
            let binarizer = try estimator.nested("_label_binarizer")
        {
            holder = binarizer
        }
        try estimator.requireFitted("coef_")
        let classes = try holder.classes()
        try model.finishLinearClassifier(estimator, rule, classes: classes)
    }

    /// One-vs-rest or softmax: the parameter's default and its name changed over the versions.
    ///
    /// - Source: scikit-learn, LogisticRegression.predict_proba.
    private static func logisticRule(_ estimator: EstimatorAttributes) -> LinkRule {
        let isLibLinear = estimator.text("solver") == "liblinear"
        switch estimator.text("multi_class") {
        case "ovr", "warn": return .logistic
        case "multinomial": return .softmax
        default: return isLibLinear ? .logistic : .softmax
        }
    }
}

/// LIBLINEAR's support-vector classifier.
enum LinearSVCRule: EstimatorRule {
    static let package: StaticString = "sklearn.svm"
    static let classNames: [StaticString] = ["LinearSVC"]
    static let role = EstimatorRole.final

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try estimator.requireFitted("coef_")
        let classes = try estimator.classes()
        try model.finishLinearClassifier(estimator, .maximum, classes: classes)
    }
}
