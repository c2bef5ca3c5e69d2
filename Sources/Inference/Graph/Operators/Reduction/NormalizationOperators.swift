/// Each channel moved and scaled by constants that training found.
enum BatchNormalizationOperator: GraphOperator {
    static let name = "BatchNormalization"
    static let versions = [7, 9, 14, 15]
    static let widensHalves = true

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        guard try !call.flag("training_mode", default: false) else {
            throw GraphError(.unsupported, "training is not supported; export for inference")
        }
        guard input.rank > 1 else { throw GraphError(.shape, "an input of rank \(input.rank)") }
        var constants: [[Double]] = []
        for index in 1...4 {
            let values = try call.tensor(index).doubles()
            guard values.count == input.shape[1] else {
                throw GraphError(
                    .shape,
                    "input \(index) has \(values.count) elements for \(input.shape[1]) channels"
                )
            }
            constants.append(values)
        }
        let channels = Channels(
            scale: constants[0],
            bias: constants[1],
            mean: constants[2],
            variance: constants[3],
            epsilon: Double(try call.float("epsilon") ?? 1e-5),
            width: input.shape[2...].reduce(1, *)
        )
        let storage: TensorStorage
        switch input.storage {
        case .float(let values): storage = .float(channels.normalized(values))
        case .double(let values): storage = .double(channels.normalized(values))
        default: throw TypeMismatch.error(input)
        }
        return [.tensor(try Tensor(shape: input.shape, storage))]
    }

    private struct Channels {
        let scale: [Double]
        let bias: [Double]
        let mean: [Double]
        let variance: [Double]
        let epsilon: Double
        /// Elements of one channel of one row.
        let width: Int

        func normalized<T: GraphFloat>(_ values: [T]) -> [T] {
            let factors = zip(scale, variance).map { $0 / ($1 + epsilon).squareRoot() }
            var results: [T] = []
            results.reserveCapacity(values.count)
            while results.count < values.count {
                for channel in factors.indices {
                    let start = results.count
                    for value in values[start..<start + width] {
                        let centred = value.wide - mean[channel]
                        results.append(T(wide: centred * factors[channel] + bias[channel]))
                    }
                }
            }
            return results
        }
    }
}

/// Each row moved and scaled to mean 0 and variance 1, then by constants.
enum LayerNormalizationOperator: GraphOperator {
    static let name = "LayerNormalization"
    static let versions = [17]
    static let widensHalves = true

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let axis = try call.axis(try call.int("axis", default: -1), rank: input.rank)
        let row = Array(input.shape[axis...])
        let width = row.reduce(1, *)
        let values = try input.doubles()
        let epsilon = Double(try call.float("epsilon") ?? 1e-5)
        var (results, means, inverses): ([Double], [Float], [Float]) = ([], [], [])
        results.reserveCapacity(values.count)
        for start in stride(from: 0, to: values.count, by: max(width, 1)) {
            let part = values[start..<start + width]
            let mean = part.reduce(0, +) / Double(width)
            let variance = part.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
            let inverse = 1 / (variance + epsilon).squareRoot()
            for value in part { results.append((value - mean) * inverse) }
            means.append(Float(mean))
            inverses.append(Float(inverse))
        }
        var normal = try Tensor(shape: input.shape, .double(results))
        if let scale = try constant(1, input, call) {
            normal = try MulOperator.combine(normal, scale, call)
        }
        if let bias = try constant(2, input, call) {
            normal = try AddOperator.combine(normal, bias, call)
        }
        let storage = try NumberCast.cast(normal.storage, to: input.type)
        guard input.type == .float || input.type == .double else {
            throw TypeMismatch.error(input)
        }
        let outer = input.shape[..<axis] + [Int](repeating: 1, count: row.count)
        guard try call.count(of: Array(outer)) == means.count else {
            throw GraphError(.shape, "rows without elements have no mean")
        }
        return [
            .tensor(try Tensor(shape: input.shape, storage)),
            .tensor(try Tensor(shape: Array(outer), .float(means))),
            .tensor(try Tensor(shape: Array(outer), .float(inverses))),
        ]
    }

    private static func constant(
        _ index: Int,
        _ input: Tensor,
        _ call: OperatorCall
    ) throws(GraphError) -> Tensor? {
        guard let constant = try call.optionalTensor(index) else { return nil }
        guard try Broadcast.shape(input.shape, constant.shape) == input.shape else {
            throw GraphError(.shape, "input \(index) does not fit")
        }
        return try Tensor(shape: constant.shape, .double(try constant.doubles()))
    }
}
