/// Divides every row by its norm: the largest magnitude, the sum of magnitudes, or the length.
enum NormalizerOperator: MLOperator {
    static let name = "Normalizer"
    static let versions = [1]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try MLMatrix(call)
        let norm = try call.string("norm") ?? "MAX"
        guard ["MAX", "L1", "L2"].contains(norm) else {
            throw GraphError(.invalid, "attribute norm is '\(norm)'")
        }
        var results: [Double] = []
        results.reserveCapacity(input.values.count)
        for row in 0..<input.rows {
            let values = input.values[row * input.columns..<(row + 1) * input.columns]
            var divisor = 0.0
            for value in values {
                switch norm {
                case "MAX": divisor = value.isNaN ? value : max(divisor, value.magnitude)
                case "L1": divisor += value.magnitude
                default: divisor += value * value
                }
            }
            if norm == "L2" { divisor = divisor.squareRoot() }
            results.append(contentsOf: divisor == 0 ? Array(values) : values.map { $0 / divisor })
        }
        return [try MLChecks.floats(results, shape: input.shape, call)]
    }
}
