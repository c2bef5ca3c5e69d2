internal import Inference

/// Multi-layer perceptrons: a linear map and an activation a layer.
enum PerceptronRule: EstimatorRule {
    static let package: StaticString = "sklearn.neural_network"
    static let classNames: [StaticString] = ["MLPRegressor", "MLPClassifier"]
    static let role = EstimatorRole.final
    private static let layerCountMax = 60

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try estimator.requireFitted("coefs_")
        let weights = try estimator.arrays("coefs_", atMost: layerCountMax)
        let biases = try estimator.arrays("intercepts_", atMost: layerCountMax)
        guard let first = weights.first, weights.count == biases.count
        else { throw .malformed("\(estimator.label) has layers without weights or intercepts") }
        try model.take(first.shape.rows, estimator)
        let hidden = try activation(estimator, "activation")
        let isClassifier = estimator.step.className == "MLPClassifier"
        let output = estimator.text("out_activation_") ?? ""
        let final: LinearActivation =
            isClassifier ? .identity : try activation(estimator, "out_activation_")
        var layers: [Linear] = []
        var width = first.shape.rows
        for (index, layer) in weights.enumerated() {
            let bias = biases[index].values
            let (rows, columns) = (layer.shape.rows, layer.shape.columns)
            guard layer.shape.rank == 2, bias.count == columns, columns > 0 else {
                throw .malformed("layer \(index + 1) of \(estimator.label) has another shape")
            }
            guard rows == width else {
                throw .malformed(
                    "layer \(index + 1) of \(estimator.label) takes \(rows) columns, but "
                        + "\(width) reach it"
                )
            }
            width = columns
            try model.charge(layer.values.count + bias.count, estimator)
            let turned = (0..<columns).flatMap { output in
                (0..<rows).map { layer.values[$0 * columns + output] }
            }
            layers.append(
                Linear(
                    weights: turned,
                    outputCount: columns,
                    bias: bias,
                    activation: index + 1 == weights.count ? final : hidden
                )
            )
        }
        model.append(Perceptron(layers: layers), columns: width)
        guard isClassifier else {
            guard width == 1 else {
                throw .unsupported(
                    "\(estimator.label) predicts \(width) values; supported: one"
                )
            }
            return model.finish(estimator.typeName, .value)
        }
        try finishClassifier(estimator, output, width, into: &model)
    }

    private static func finishClassifier(
        _ estimator: EstimatorAttributes,
        _ activation: String,
        _ outputs: Int,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        let classes = try estimator.classes()
        switch (activation, outputs) {
        case ("logistic", 1) where classes.count == 2:
            model.finishChoice(estimator, .half, classes: classes)
        case ("softmax", classes.count):
            model.finishChoice(estimator, .probability, classes: classes)
        default:
            throw .unsupported(
                "\(estimator.label) has \(outputs) outputs of \"\(activation)\" for "
                    + "\(classes.count) classes; supported: one label a row"
            )
        }
    }

    private static func activation(
        _ estimator: EstimatorAttributes,
        _ name: StaticString
    ) throws(SklearnError) -> LinearActivation {
        switch estimator.text(name) ?? "" {
        case "identity": return .identity
        case "logistic": return .logistic
        case "tanh": return .tanh
        case "relu": return .relu
        case "exp": return .exponential
        case let other:
            throw .unsupported(
                "\(estimator.label) has the \(name) \"\(other)\"; supported: identity, logistic, "
                    + "tanh, relu"
            )
        }
    }
}
