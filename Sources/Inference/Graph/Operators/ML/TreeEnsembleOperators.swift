/// Trees whose votes are added up, averaged, or compared, a number for each target.
enum TreeEnsembleRegressorOperator: MLOperator {
    static let name = "TreeEnsembleRegressor"
    static let versions = [1, 3]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try MLMatrix(call)
        let table = try table(call)
        let results = try ForestRun.rows(table, input, call)
        return [try MLChecks.floats(results, shape: [input.rows, table.targetCount], call)]
    }

    /// The trees of a node.
    ///
    /// - Throws: `GraphError` naming the attribute that does not fit.
    static func table(_ call: OperatorCall) throws(GraphError) -> ForestTable {
        let targetCount = try call.int("n_targets", default: 1)
        guard targetCount >= 1, targetCount <= ModelLimits.featureCountMax else {
            throw GraphError(.invalid, "attribute n_targets is \(targetCount)")
        }
        let aggregate: ForestTable.Aggregate
        switch try call.string("aggregate_function") ?? "SUM" {
        case "SUM": aggregate = .sum
        case "AVERAGE": aggregate = .average
        case "MIN": aggregate = .minimum
        case "MAX": aggregate = .maximum
        case let other: throw GraphError(.invalid, "attribute aggregate_function is '\(other)'")
        }
        let base = try ForestAttributes.numbers(call, "base_values")
        guard base.isEmpty || base.count == 1 || base.count == targetCount else {
            throw GraphError(.invalid, "\(base.count) base values for \(targetCount) targets")
        }
        let transform = try MLTransform(call)
        let attributes = try ForestAttributes(call)
        return try attributes.builder(prefix: "target", targetCount: targetCount).finished {
            $0.aggregate = aggregate
            $0.transform = transform
            $0.targetCount = targetCount
            $0.base = base
        }
    }
}

/// Trees whose votes are added up for each class.
enum TreeEnsembleClassifierOperator: MLOperator {
    static let name = "TreeEnsembleClassifier"
    static let versions = [1, 3]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try MLMatrix(call)
        let (table, labels) = try table(call)
        let results = try ForestRun.rows(table, input, call)
        let width = table.outputCount
        var classes: [Int] = []
        var scores: [Float] = []
        scores.reserveCapacity(input.rows * (width - 1))
        for row in 0..<input.rows {
            classes.append(Int(exactly: results[row * width]) ?? 0)
            for column in 1..<width { scores.append(Float(results[row * width + column])) }
        }
        let tensor = try Tensor(
            shape: [input.rows, width - 1],
            .float(scores),
            limits: call.limits
        )
        return [try labels.tensor(classes), .tensor(tensor)]
    }

    /// The trees and labels of a node.
    ///
    /// - Throws: `GraphError` naming the attribute that does not fit.
    static func table(_ call: OperatorCall) throws(GraphError) -> (ForestTable, MLLabels) {
        let labels = try MLLabels(
            call,
            integers: "classlabels_int64s",
            strings: "classlabels_strings"
        )
        guard labels.count >= 2 else {
            throw GraphError(.unsupported, "a classifier with \(labels.count) labels")
        }
        let classes = Set(try call.ints("class_ids") ?? [])
        let base = try ForestAttributes.numbers(call, "base_values")
        guard base.isEmpty || base.count == 1 || base.count == labels.count else {
            throw GraphError(.invalid, "\(base.count) base values for \(labels.count) classes")
        }
        let transform = try MLTransform(call)
        let attributes = try ForestAttributes(call)
        let builder = try attributes.builder(prefix: "class", targetCount: labels.count)
        let isOneTarget = labels.count == 2 && classes.count == 1
        let table = builder.finished {
            $0.kind = isOneTarget ? .oneTarget : .classes
            $0.target = isOneTarget ? classes.first ?? 0 : 0
            $0.transform = transform
            $0.targetCount = labels.count
            $0.base = base
        }
        return (table, labels)
    }
}

/// Runs the trees of an operator.
enum ForestRun {
    /// The numbers of all rows.
    ///
    /// - Throws: `GraphError` when a node reads a feature that the input does not have.
    static func rows(
        _ table: ForestTable,
        _ input: MLMatrix,
        _ call: OperatorCall
    ) throws(GraphError) -> [Double] {
        guard input.rows == 0 || table.featureCount <= input.columns else {
            throw GraphError(
                .shape,
                "a node reads feature \(table.featureCount - 1) of \(input.columns)"
            )
        }
        let width = table.outputCount
        let count = try call.count(of: [input.rows, width])
        try call.meter.spend(input.rows, times: table.roots.count * 16 + width)
        var isWhole = true
        var results = [Double](repeating: 0, count: count)
        table.withView { view in
            input.values.withUnsafeBufferPointer { rows in
                results.withUnsafeMutableBufferPointer { results in
                    guard let rows = rows.baseAddress, let results = results.baseAddress else {
                        return
                    }
                    view.evaluate(rows, count: input.rows, columns: input.columns, to: results) {
                        _ in isWhole = false
                    }
                }
            }
        }
        guard isWhole else { throw GraphError(.invalid, "the trees contradict themselves") }
        return results
    }
}
