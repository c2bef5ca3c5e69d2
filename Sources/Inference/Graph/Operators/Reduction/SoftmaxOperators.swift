/// Powers of e, or their logarithms, scaled so that they add up to 1 along an axis.
protocol SoftmaxFamily: GraphOperator {
    static var isLogarithm: Bool { get }
}

extension SoftmaxFamily {
    static var versions: [Int] { [1, 11, 13] }
    static var widensHalves: Bool { true }

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let isFlat = call.version < 13
        let axis = try call.axis(
            try call.int("axis", default: isFlat ? 1 : -1),
            rank: input.rank
        )
        // Before version 13 everything from the axis on is one row.
        let shape =
            isFlat
            ? [input.shape[..<axis].reduce(1, *), input.shape[axis...].reduce(1, *)]
            : input.shape
        let lanes = Lanes(shape: shape, axis: isFlat ? 1 : axis)
        let storage: TensorStorage
        switch input.storage {
        case .float(let values): storage = .float(scaled(values, lanes))
        case .double(let values): storage = .double(scaled(values, lanes))
        default: throw TypeMismatch.error(input)
        }
        return [.tensor(try Tensor(shape: input.shape, storage))]
    }

    private static func scaled<T: GraphFloat>(_ values: [T], _ lanes: Lanes) -> [T] {
        var results = values
        for lane in 0..<(lanes.size == 0 ? 0 : lanes.count) {
            let start = lanes.start(lane)
            let end = start + lanes.size * lanes.step
            var top = values[start]
            for index in stride(from: start, to: end, by: lanes.step) {
                top = max(top, values[index])
            }
            var sum = 0.0
            for index in stride(from: start, to: end, by: lanes.step) {
                let power = (values[index] - top).exponential()
                sum += power.wide
                results[index] = isLogarithm ? values[index] - top : power
            }
            let scale = isLogarithm ? sum.naturalLogarithm() : sum
            for index in stride(from: start, to: end, by: lanes.step) {
                let value = results[index].wide
                results[index] = T(wide: isLogarithm ? value - scale : value / scale)
            }
        }
        return results
    }
}

/// Powers of e, scaled so that they add up to 1 along an axis.
enum SoftmaxOperator: SoftmaxFamily {
    static let name = "Softmax"
    static let isLogarithm = false
}

/// The logarithms of powers of e that add up to 1 along an axis.
enum LogSoftmaxOperator: SoftmaxFamily {
    static let name = "LogSoftmax"
    static let isLogarithm = true
}
