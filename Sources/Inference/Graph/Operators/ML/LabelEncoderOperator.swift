/// Looks elements up in a table of keys and values.
enum LabelEncoderOperator: MLOperator {
    static let name = "LabelEncoder"
    static let versions = [1, 2, 4]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        if call.version == 1 { return [try first(call, input)] }
        let keys = try keys(call)
        let values = try values(call)
        guard keys.count == values.count else {
            throw GraphError(.invalid, "\(keys.count) keys and \(values.count) values")
        }
        let positions = try positions(of: input, in: keys, bitwise: call.version < 4)
        let fallback = try fallback(call, values.type)
        return [
            .tensor(
                try Tensor(
                    shape: input.shape,
                    try pick(positions, from: values, fallback: fallback)
                )
            )
        ]
    }

    /// Version 1: texts to their positions in a list, and back.
    private static func first(
        _ call: OperatorCall,
        _ input: Tensor
    ) throws(GraphError) -> GraphValue {
        let classes = try call.strings("classes_strings") ?? []
        if case .string(let texts) = input.storage {
            let fallback = Int64(try call.int("default_int64", default: -1))
            var table: [String: Int64] = [:]
            for (index, text) in classes.enumerated() { table[text] = Int64(index) }
            return .tensor(
                try Tensor(shape: input.shape, .int64(texts.map { table[$0] ?? fallback }))
            )
        }
        let fallback = try call.string("default_string") ?? "_Unused"
        let texts = try input.integers().map {
            classes.indices.contains($0) ? classes[$0] : fallback
        }
        return .tensor(try Tensor(shape: input.shape, .string(texts)))
    }

    private static func keys(_ call: OperatorCall) throws(GraphError) -> TensorStorage {
        if let keys = try call.tensorAttribute("keys_tensor") { return keys.storage }
        if let keys = try call.strings("keys_strings"), !keys.isEmpty { return .string(keys) }
        if let keys = try call.ints("keys_int64s"), !keys.isEmpty {
            return .int64(keys.map { Int64($0) })
        }
        return .float(try call.floats("keys_floats") ?? [])
    }

    private static func values(_ call: OperatorCall) throws(GraphError) -> TensorStorage {
        if let values = try call.tensorAttribute("values_tensor") { return values.storage }
        if let values = try call.strings("values_strings"), !values.isEmpty {
            return .string(values)
        }
        if let values = try call.ints("values_int64s"), !values.isEmpty {
            return .int64(values.map { Int64($0) })
        }
        return .float(try call.floats("values_floats") ?? [])
    }

    /// What elements without a key become: one element of the values' type.
    private static func fallback(
        _ call: OperatorCall,
        _ type: ElementType
    ) throws(GraphError) -> TensorStorage {
        if let tensor = try call.tensorAttribute("default_tensor") {
            guard tensor.count == 1, tensor.type == type else {
                throw GraphError(.invalid, "attribute default_tensor is not one \(type.name)")
            }
            return tensor.storage
        }
        let number = try call.float("default_float") ?? -0.0
        let integer = try call.int("default_int64", default: -1)
        switch type {
        case .string: return .string([try call.string("default_string") ?? "_Unused"])
        case .float: return .float([number])
        case .double: return .double([Double(number)])
        case .int64: return .int64([Int64(integer)])
        case .int32: return .int32([Int32(truncatingIfNeeded: integer)])
        case .int16: return .int16([Int16(truncatingIfNeeded: integer)])
        default: throw GraphError(.unsupported, "values of type \(type.name)")
        }
    }

    /// The position of each element's key; nil for none.
    private static func positions(
        of input: Tensor,
        in keys: TensorStorage,
        bitwise: Bool
    ) throws(GraphError) -> [Int?] {
        switch (input.storage, keys) {
        case (.string(let values), .string(let keys)):
            var table: [String: Int] = [:]
            for (index, key) in keys.enumerated() { table[key] = index }
            return values.map { table[$0] }
        case (.string, _), (_, .string):
            throw GraphError(
                .shape,
                "the input is \(input.type.name), the keys are \(keys.type.name)"
            )
        default:
            // Version 2 compares bits; from 4 on all NaN are one key.
            var table: [UInt64: Int] = [:]
            for (index, key) in try Tensor(keys).doubles().enumerated() {
                table[bits(key, bitwise)] = index
            }
            return try input.doubles().map { table[bits($0, bitwise)] }
        }
    }

    private static func bits(_ value: Double, _ bitwise: Bool) -> UInt64 {
        if bitwise { return value.bitPattern }
        return value.isNaN ? Double.nan.bitPattern : value == 0 ? 0 : value.bitPattern
    }

    private static func pick(
        _ positions: [Int?],
        from values: TensorStorage,
        fallback: TensorStorage
    ) throws(GraphError) -> TensorStorage {
        switch (values, fallback) {
        case (.string(let a), .string(let b)): .string(positions.map { $0.map { a[$0] } ?? b[0] })
        case (.float(let a), .float(let b)): .float(positions.map { $0.map { a[$0] } ?? b[0] })
        case (.double(let a), .double(let b)): .double(positions.map { $0.map { a[$0] } ?? b[0] })
        case (.int64(let a), .int64(let b)): .int64(positions.map { $0.map { a[$0] } ?? b[0] })
        case (.int32(let a), .int32(let b)): .int32(positions.map { $0.map { a[$0] } ?? b[0] })
        case (.int16(let a), .int16(let b)): .int16(positions.map { $0.map { a[$0] } ?? b[0] })
        default: throw GraphError(.unsupported, "values of type \(values.type.name)")
        }
    }
}
