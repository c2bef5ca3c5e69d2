/// The elements as another type.
enum CastOperator: GraphOperator {
    static let name = "Cast"
    static let versions = [6, 9, 13, 19, 21, 23, 24, 25]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        guard let code = try call.int("to") else {
            throw GraphError(.invalid, "attribute to is missing")
        }
        guard let type = UInt8(exactly: code).flatMap(ElementType.init(rawValue:)) else {
            throw GraphError(.unsupported, "element type \(code) is not supported")
        }
        let storage = try NumberCast.cast(input.storage, to: type)
        return [.tensor(try Tensor(shape: input.shape, storage))]
    }
}

/// The elements as the type of a second tensor.
enum CastLikeOperator: GraphOperator {
    static let name = "CastLike"
    static let versions = [15, 19, 21, 23, 24, 25]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let storage = try NumberCast.cast(input.storage, to: try call.tensor(1).type)
        return [.tensor(try Tensor(shape: input.shape, storage))]
    }
}
