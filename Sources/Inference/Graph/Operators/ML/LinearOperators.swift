/// A linear model: the scalar products with rows of coefficients, plus intercepts.
enum LinearRegressorOperator: MLOperator {
    static let name = "LinearRegressor"
    static let versions = [1]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try MLMatrix(call)
        let targets = try call.int("targets", default: 1)
        guard targets >= 1 else { throw GraphError(.invalid, "attribute targets is \(targets)") }
        let model = try LinearScores(call, columns: input.columns)
        guard model.count == targets else {
            throw GraphError(
                .shape,
                "the coefficients are for \(model.count) targets, not \(targets)"
            )
        }
        let transform = try MLTransform(call)
        var scores = try model.scores(input, call)
        for row in 0..<input.rows {
            var values = Array(scores[row * targets..<(row + 1) * targets])
            transform.apply(&values)
            scores.replaceSubrange(row * targets..<(row + 1) * targets, with: values)
        }
        return [try MLChecks.floats(scores, shape: [input.rows, targets], call)]
    }
}

/// A linear model whose largest score names the class.
enum LinearClassifierOperator: MLOperator {
    static let name = "LinearClassifier"
    static let versions = [1]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try MLMatrix(call)
        let labels = try MLLabels(
            call,
            integers: "classlabels_ints",
            strings: "classlabels_strings"
        )
        let model = try LinearScores(call, columns: input.columns)
        let transform = try MLTransform(call)
        let raw = try model.scores(input, call)
        let isBinary = model.count == 1 && labels.count == 2
        let width = isBinary ? 2 : model.count
        var classes: [Int] = []
        var scores: [Float] = []
        for row in 0..<input.rows {
            var values = Array(raw[row * model.count..<(row + 1) * model.count])
            if isBinary { values = [-values[0], values[0]] }
            transform.apply(&values)
            let rounded = values.map { Float($0) }
            scores.append(contentsOf: rounded)
            classes.append(
                width > 1
                    ? MLLabels.largest(rounded[...])
                    : rounded[0] >= (transform == .none ? 0 : 0.5) ? 1 : 0
            )
        }
        let tensor = try Tensor(shape: [input.rows, width], .float(scores), limits: call.limits)
        guard width > 1 else { return [try single(labels, classes), .tensor(tensor)] }
        return [try labels.tensor(classes), .tensor(tensor)]
    }

    /// With one score the only label is given from the threshold on, below it 0 or an empty text.
    private static func single(
        _ labels: MLLabels,
        _ classes: [Int]
    ) throws(GraphError) -> GraphValue {
        switch labels {
        case .integers(let values):
            let label = values.first ?? 1
            return .tensor(Tensor(.int64(classes.map { $0 == 1 ? label : 0 })))
        case .strings(let values):
            return .tensor(Tensor(.string(classes.map { $0 == 1 ? values[0] : "" })))
        }
    }
}

/// The coefficients and intercepts of a linear operator.
private struct LinearScores {
    /// Rows of coefficients.
    let count: Int
    private let columns: Int
    private let coefficients: [Double]
    private let intercepts: [Double]

    init(_ call: OperatorCall, columns: Int) throws(GraphError) {
        coefficients = (try call.floats("coefficients") ?? []).map { Double($0) }
        guard columns > 0, !coefficients.isEmpty, coefficients.count % columns == 0 else {
            throw GraphError(
                .shape,
                "attribute coefficients has \(coefficients.count) numbers for \(columns) columns"
            )
        }
        self.columns = columns
        count = coefficients.count / columns
        let values = (try call.floats("intercepts") ?? []).map { Double($0) }
        guard values.isEmpty || values.count == count || values.count == 1 else {
            throw GraphError(
                .shape,
                "attribute intercepts has \(values.count) numbers where \(count) belong"
            )
        }
        intercepts =
            values.count == count
            ? values : [Double](repeating: values.first ?? 0, count: count)
    }

    func scores(_ input: MLMatrix, _ call: OperatorCall) throws(GraphError) -> [Double] {
        _ = try MLChecks.count([input.rows, count], call)
        try call.meter.spend(input.rows, times: coefficients.count)
        var scores: [Double] = []
        scores.reserveCapacity(input.rows * count)
        for row in 0..<input.rows {
            let values = input.values[row * columns..<(row + 1) * columns]
            for index in 0..<count {
                let own = coefficients[index * columns..<(index + 1) * columns]
                scores.append(SVMKernelValues.dot(values, own) + intercepts[index])
            }
        }
        return scores
    }
}
