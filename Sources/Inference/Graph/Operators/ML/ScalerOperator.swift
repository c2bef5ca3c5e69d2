/// `(x - offset) * scale`, a number a column or one for all; the result is float.
enum ScalerOperator: MLOperator {
    static let name = "Scaler"
    static let versions = [1]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try MLMatrix(call)
        let offset = try MLChecks.perColumn(
            try call.floats("offset") ?? [0],
            input.columns,
            "offset"
        )
        let scale = try MLChecks.perColumn(
            try call.floats("scale") ?? [1],
            input.columns,
            "scale"
        )
        // 64-bit numbers keep their digits until the end; all others are computed in 32 bits.
        let isWide = try call.tensor(0).type == .double
        var results: [Float] = []
        results.reserveCapacity(input.values.count)
        for row in 0..<input.rows {
            for column in 0..<input.columns {
                let value = input.values[row * input.columns + column]
                results.append(
                    isWide
                        ? Float((value - Double(offset[column])) * Double(scale[column]))
                        : (Float(value) - offset[column]) * scale[column]
                )
            }
        }
        return [.tensor(try Tensor(shape: input.shape, .float(results)))]
    }
}
