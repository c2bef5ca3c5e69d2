/// A support-vector machine with one decision: the sum of coefficient times kernel, plus rho.
enum SVMRegressorOperator: MLOperator {
    static let name = "SVMRegressor"
    static let versions = [1]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try MLMatrix(call)
        let vectorCount = try call.int("n_supports", default: 0)
        let kernel = try SVMKernelValues(
            call,
            vectorCount: vectorCount,
            columns: input.columns
        )
        let coefficients = (try call.floats("coefficients") ?? []).map { Double($0) }
        let wanted = vectorCount > 0 ? vectorCount : input.columns
        guard coefficients.count == wanted else {
            throw GraphError(
                .shape,
                "attribute coefficients has \(coefficients.count) numbers where \(wanted) belong"
            )
        }
        let rho = (try call.floats("rho") ?? []).first.map { Double($0) } ?? 0
        let isOneClass = try call.flag("one_class", default: false)
        let transform = try MLTransform(call)
        try call.meter.spend(input.rows, times: max(1, vectorCount) * (input.columns + 1))
        var results: [Double] = []
        results.reserveCapacity(input.rows)
        var kernels = [Double](repeating: 0, count: vectorCount)
        for row in 0..<input.rows {
            let values = input.values[row * input.columns..<(row + 1) * input.columns]
            var sum: Double
            if vectorCount > 0 {
                kernel.evaluate(values, into: &kernels)
                sum = SVMKernelValues.dot(kernels[...], coefficients[...]) + rho
            } else {
                sum = SVMKernelValues.dot(values, coefficients[...]) + rho
            }
            if isOneClass { sum = sum > 0 ? 1 : -1 }
            var result = [sum]
            if !isOneClass { transform.apply(&result) }
            results.append(result[0])
        }
        return [try MLChecks.floats(results, shape: [input.rows, 1], call)]
    }
}
