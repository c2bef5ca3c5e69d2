internal import Inference

/// The coefficients of a linear model.
struct LinearReading {
    /// Shape `[outputs, columns]`.
    var weights: [Double]
    var outputs: Int
    var bias: [Double]

    /// Reads `coef_` and `intercept_`, which may be one number for all outputs.
    init(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder,
        intercept: StaticString = "intercept_"
    ) throws(SklearnError) {
        try estimator.requireFitted("coef_")
        guard let (values, shape) = try estimator.matrix("coef_"), !values.isEmpty else {
            throw .malformed("\(estimator.label) has no coefficients")
        }
        let columns = shape.rank == 2 ? shape.columns : shape.count
        guard shape.rank == 1 || shape.rank == 2 else {
            throw .malformed("coef_ of \(estimator.label) has \(shape.rank) axes")
        }
        try model.take(columns, estimator)
        weights = values
        outputs = shape.rank == 2 ? shape.rows : 1
        var bias: [Double]
        if let value = estimator.find(intercept), case .array = estimator.arena[value] {
            bias = try estimator.matrix(intercept)?.values ?? []
        } else {
            bias = [try estimator.number(intercept) ?? 0]
        }
        if bias.count == 1 { bias = Array(repeating: bias[0], count: outputs) }
        guard bias.count == outputs else {
            throw .malformed(
                "\(intercept) of \(estimator.label) has \(bias.count) numbers for \(outputs) "
                    + "outputs"
            )
        }
        self.bias = bias
        try model.charge(weights.count + bias.count, estimator)
    }

    /// The map as a stage.
    func stage(_ activation: LinearActivation = .identity) -> Linear {
        Linear(weights: weights, outputCount: outputs, bias: bias, activation: activation)
    }
}

extension ModelBuilder {
    /// Ends the model with a regressor of one output.
    mutating func finishRegressor(
        _ estimator: EstimatorAttributes,
        _ activation: LinearActivation = .identity
    ) throws(SklearnError) {
        let reading = try LinearReading(estimator, into: &self)
        guard reading.outputs == 1 else {
            throw .unsupported(
                "\(estimator.label) predicts \(reading.outputs) values; supported: one"
            )
        }
        append(reading.stage(activation), columns: 1)
        finish(estimator.typeName, .value)
    }

    /// Ends the model with a classifier whose decisions, one a class, are there already.
    mutating func finishChoice(
        _ estimator: EstimatorAttributes,
        _ rule: LinkRule,
        classes: [String]
    ) {
        append(LinkChoice(rule), columns: 2)
        finish(estimator.typeName, ModelHead(label: .index(column: 1), labels: classes))
    }

    /// Ends the model with a linear classifier; `rule` gives the score of three classes and more.
    mutating func finishLinearClassifier(
        _ estimator: EstimatorAttributes,
        _ rule: LinkRule,
        classes: [String]
    ) throws(SklearnError) {
        let reading = try LinearReading(estimator, into: &self)
        guard classes.count >= 2, reading.outputs == (classes.count == 2 ? 1 : classes.count) else {
            throw .malformed(
                "\(estimator.label) has \(reading.outputs) rows of coefficients for "
                    + "\(classes.count) classes"
            )
        }
        append(reading.stage(), columns: reading.outputs)
        if classes.count == 2 {
            finish(
                estimator.typeName,
                ModelHead(label: .positive(column: 0), labels: classes)
            )
        } else {
            finishChoice(estimator, rule, classes: classes)
        }
    }
}
