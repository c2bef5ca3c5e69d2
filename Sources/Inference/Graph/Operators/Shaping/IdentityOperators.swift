/// The value as it is.
enum IdentityOperator: GraphOperator {
    static let name = "Identity"
    static let versions = [1, 13, 14, 16, 19, 21, 23, 24, 25]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        guard let value = call.inputs.first, let value else {
            throw GraphError(.invalid, "input 0 is missing")
        }
        return [value]
    }
}

/// The value as it is, and a mask that keeps all of it: networks are not trained here.
enum DropoutOperator: GraphOperator {
    static let name = "Dropout"
    static let versions = [7, 10, 12, 13, 22]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        if call.version >= 12, try call.optionalTensor(2)?.integers().first ?? 0 != 0,
            try call.optionalTensor(1)?.floats().first ?? 0.5 != 0
        {
            throw GraphError(.unsupported, "training is not supported; export for inference")
        }
        var mask = TensorStorage.bool([Bool](repeating: true, count: input.count))
        if call.version < 10 { mask = try NumberCast.cast(mask, to: input.type) }
        return [.tensor(input), .tensor(try Tensor(shape: input.shape, mask))]
    }
}

/// The sizes of a tensor's axes, or of some of them.
enum ShapeOperator: GraphOperator {
    static let name = "Shape"
    static let versions = [1, 13, 15, 19, 21, 23, 24, 25]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let shape = try call.tensor(0).shape
        let start = clamp(try call.int("start", default: 0), shape.count)
        let end = clamp(try call.int("end", default: shape.count), shape.count)
        let part = start < end ? shape[start..<end] : []
        return [.tensor(Tensor(.int64(part.map { Int64($0) })))]
    }

    private static func clamp(_ position: Int, _ rank: Int) -> Int {
        position < 0 ? max(0, position &+ rank) : min(position, rank)
    }
}

/// The number of elements.
enum SizeOperator: GraphOperator {
    static let name = "Size"
    static let versions = [1, 13, 19, 21, 23, 24, 25]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        [.tensor(Tensor(scalar: Int64(try call.tensor(0).count)))]
    }
}
