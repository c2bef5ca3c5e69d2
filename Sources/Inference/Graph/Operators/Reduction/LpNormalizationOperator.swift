/// Vectors along an axis divided by their length; a vector of zeros stays.
enum LpNormalizationOperator: GraphOperator {
    static let name = "LpNormalization"
    static let versions = [1, 22]
    static let widensHalves = true

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let axis = try call.axis(try call.int("axis", default: -1), rank: input.rank)
        let power = try call.int("p", default: 2)
        guard power == 1 || power == 2 else {
            throw GraphError(.invalid, "p is \(power), neither 1 nor 2")
        }
        let lanes = Lanes(shape: input.shape, axis: axis)
        let storage: TensorStorage
        switch input.storage {
        case .float(let values): storage = .float(scaled(values, lanes, power))
        case .double(let values): storage = .double(scaled(values, lanes, power))
        default: throw TypeMismatch.error(input)
        }
        return [.tensor(try Tensor(shape: input.shape, storage))]
    }

    private static func scaled<T: GraphFloat>(
        _ values: [T],
        _ lanes: Lanes,
        _ power: Int
    ) -> [T] {
        var results = values
        for lane in 0..<(lanes.size == 0 ? 0 : lanes.count) {
            let start = lanes.start(lane)
            let end = start + lanes.size * lanes.step
            var sum = 0.0
            for index in stride(from: start, to: end, by: lanes.step) {
                let value = values[index].wide
                sum += power == 1 ? value.magnitude : value * value
            }
            let length = power == 1 ? sum : sum.squareRoot()
            for index in stride(from: start, to: end, by: lanes.step) {
                results[index] = length == 0 ? 0 : T(wide: values[index].wide / length)
            }
        }
        return results
    }
}
