/// A value that the node itself holds.
enum ConstantOperator: GraphOperator {
    static let name = "Constant"
    static let versions = [1, 9, 11, 12, 13, 19, 21, 23, 24, 25]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let tensor: Tensor
        if let value = try call.tensorAttribute("value") {
            tensor = value
        } else if let value = try call.float("value_float") {
            tensor = Tensor(scalar: value)
        } else if let value = try call.int("value_int") {
            tensor = Tensor(scalar: Int64(value))
        } else if let value = try call.string("value_string") {
            tensor = Tensor(scalar: value)
        } else if let values = try call.floats("value_floats") {
            tensor = Tensor(.float(values))
        } else if let values = try call.ints("value_ints") {
            tensor = Tensor(.int64(values.map { Int64($0) }))
        } else if let values = try call.strings("value_strings") {
            tensor = Tensor(.string(values))
        } else {
            throw GraphError(.unsupported, "it has no dense value")
        }
        return [.tensor(tensor)]
    }
}

/// One element repeated to fill a shape.
enum ConstantOfShapeOperator: GraphOperator {
    static let name = "ConstantOfShape"
    static let versions = [9, 20, 21, 23, 24, 25]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let shape = try call.tensor(0).integers()
        let count = try call.count(of: shape)
        let value = try call.tensorAttribute("value") ?? Tensor(.float([0]))
        guard value.count == 1 else {
            throw GraphError(.invalid, "value has \(value.count) elements, not 1")
        }
        let view = StridedView(shape: [count], strides: [0])
        return [
            .tensor(
                try Tensor(
                    shape: shape,
                    try value.storage.applying(view),
                    limits: call.limits
                )
            )
        ]
    }
}
