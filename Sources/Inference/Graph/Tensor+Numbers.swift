extension Tensor {
    /// The elements as 32-bit floating-point numbers, whatever numeric type they have.
    ///
    /// - Throws: `GraphError` for strings.
    package func floats() throws(GraphError) -> [Float] {
        switch storage {
        case .float(let values): return values
        case .double(let values): return values.map { Float($0) }
        case .int64(let values): return values.map { Float($0) }
        case .int32(let values): return values.map { Float($0) }
        case .int16(let values): return values.map { Float($0) }
        case .int8(let values): return values.map { Float($0) }
        case .uint64(let values): return values.map { Float($0) }
        case .uint32(let values): return values.map { Float($0) }
        case .uint16(let values): return values.map { Float($0) }
        case .uint8(let values): return values.map { Float($0) }
        case .bool(let values): return values.map { $0 ? 1 : 0 }
        case .float16(let values): return values.map(\.float)
        case .bfloat16(let values): return values.map(\.float)
        case .string: throw GraphError(.shape, "a tensor of strings where numbers are needed")
        }
    }

    /// The elements as 64-bit floating-point numbers, whatever numeric type they have.
    ///
    /// - Throws: `GraphError` for strings.
    package func doubles() throws(GraphError) -> [Double] {
        switch storage {
        case .double(let values): return values
        case .int64(let values): return values.map { Double($0) }
        case .uint64(let values): return values.map { Double($0) }
        case .int32(let values): return values.map { Double($0) }
        case .uint32(let values): return values.map { Double($0) }
        default: return try floats().map { Double($0) }
        }
    }

    /// The elements of an integer or boolean tensor.
    ///
    /// - Throws: `GraphError` for other types, and for numbers beyond 63 bits.
    package func integers() throws(GraphError) -> [Int] {
        switch storage {
        case .int64(let values): return values.map { Int($0) }
        case .int32(let values): return values.map { Int($0) }
        case .int16(let values): return values.map { Int($0) }
        case .int8(let values): return values.map { Int($0) }
        case .uint32(let values): return values.map { Int($0) }
        case .uint16(let values): return values.map { Int($0) }
        case .uint8(let values): return values.map { Int($0) }
        case .bool(let values): return values.map { $0 ? 1 : 0 }
        case .uint64(let values):
            guard values.allSatisfy({ $0 <= UInt64(Int.max) }) else {
                throw GraphError(.shape, "an integer beyond 63 bits")
            }
            return values.map { Int($0) }
        case .float, .double, .float16, .bfloat16, .string:
            throw GraphError(.shape, "a tensor of \(type.name) where integers are needed")
        }
    }

    /// The elements of a tensor of strings.
    ///
    /// - Throws: `GraphError` for other types.
    package func strings() throws(GraphError) -> [String] {
        guard case .string(let values) = storage else {
            throw GraphError(.shape, "a tensor of \(type.name) where strings are needed")
        }
        return values
    }
}
