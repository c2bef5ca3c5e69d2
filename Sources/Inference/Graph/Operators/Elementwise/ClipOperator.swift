/// Each element, cut off at a lower and an upper bound.
enum ClipOperator: GraphOperator {
    static let name = "Clip"
    static let versions = [6, 11, 12, 13]
    static let widensHalves = true

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let storage: TensorStorage
        switch input.storage {
        case .float(let values): storage = .float(try clip(values, call))
        case .double(let values): storage = .double(try clip(values, call))
        case .int64(let values): storage = .int64(try clip(values, call))
        case .int32(let values): storage = .int32(try clip(values, call))
        case .int16(let values): storage = .int16(try clip(values, call))
        case .int8(let values): storage = .int8(try clip(values, call))
        case .uint64(let values): storage = .uint64(try clip(values, call))
        case .uint32(let values): storage = .uint32(try clip(values, call))
        case .uint16(let values): storage = .uint16(try clip(values, call))
        case .uint8(let values): storage = .uint8(try clip(values, call))
        default: throw TypeMismatch.error(input)
        }
        return [.tensor(try Tensor(shape: input.shape, storage))]
    }

    private static func clip<T: Comparable & TensorElement>(
        _ values: [T],
        _ call: OperatorCall
    ) throws(GraphError) -> [T] {
        let lower: T? = try bound(1, "min", call)
        let upper: T? = try bound(2, "max", call)
        var results = values
        if let lower {
            for index in results.indices where results[index] < lower { results[index] = lower }
        }
        if let upper {
            for index in results.indices where results[index] > upper { results[index] = upper }
        }
        return results
    }

    /// An attribute before version 11, an input since.
    private static func bound<T: TensorElement>(
        _ index: Int,
        _ attribute: String,
        _ call: OperatorCall
    ) throws(GraphError) -> T? {
        if call.version < 11 {
            guard let value = try call.float(attribute) else { return nil }
            let wide = TensorStorage.double([Double(value)])
            let storage = try NumberCast.cast(wide, to: T.elementType)
            return T.values(of: storage)?.first
        }
        guard let tensor = try call.optionalTensor(index) else { return nil }
        guard let values = T.values(of: tensor.storage), values.count == 1 else {
            throw GraphError(.shape, "\(attribute) is no single element of the input's type")
        }
        return values[0]
    }
}
