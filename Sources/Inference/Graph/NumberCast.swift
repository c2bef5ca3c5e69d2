/// Elements of one type as another, by the rules of the standard and never with a trap.
enum NumberCast {
    /// The elements as another type.
    ///
    /// - Throws: `GraphError` for text that is no number.
    static func cast(
        _ storage: TensorStorage,
        to type: ElementType
    ) throws(GraphError) -> TensorStorage {
        guard storage.type != type else { return storage }
        switch storage {
        case .float(let values): return floats(values, to: type)
        case .double(let values): return floats(values, to: type)
        case .float16(let values): return floats(values.map(\.float), to: type)
        case .bfloat16(let values): return floats(values.map(\.float), to: type)
        case .string(let values): return try strings(values, to: type)
        case .bool(let values): return integers(values.map { UInt8($0 ? 1 : 0) }, to: type)
        case .int64(let values): return integers(values, to: type)
        case .int32(let values): return integers(values, to: type)
        case .int16(let values): return integers(values, to: type)
        case .int8(let values): return integers(values, to: type)
        case .uint64(let values): return integers(values, to: type)
        case .uint32(let values): return integers(values, to: type)
        case .uint16(let values): return integers(values, to: type)
        case .uint8(let values): return integers(values, to: type)
        }
    }

    /// Cut off toward zero; NaN and what is out of range become the smallest number.
    @inline(__always)
    static func integer<T: FixedWidthInteger>(_ value: some BinaryFloatingPoint) -> T {
        if let exact = T(exactly: value.rounded(.towardZero)) { return exact }
        // Narrow types keep the low bits of the 64-bit number, as processors do.
        guard T.bitWidth < 32 || !T.isSigned else { return T.min }
        guard let wide = Int64(exactly: value.rounded(.towardZero)) else { return T.min }
        return T(truncatingIfNeeded: wide)
    }

    private static func floats<S: BinaryFloatingPoint>(
        _ values: [S],
        to type: ElementType
    ) -> TensorStorage {
        switch type {
        case .float: .float(values.map { Float($0) })
        case .double: .double(values.map { Double($0) })
        case .float16: .float16(values.map { half($0) })
        case .bfloat16: .bfloat16(values.map { brain($0) })
        case .bool: .bool(values.map { $0 != 0 })
        case .string: .string(values.map { text($0) })
        case .int64: .int64(values.map { integer($0) })
        case .int32: .int32(values.map { integer($0) })
        case .int16: .int16(values.map { integer($0) })
        case .int8: .int8(values.map { integer($0) })
        case .uint64: .uint64(values.map { integer($0) })
        case .uint32: .uint32(values.map { integer($0) })
        case .uint16: .uint16(values.map { integer($0) })
        case .uint8: .uint8(values.map { integer($0) })
        }
    }

    private static func integers<S: FixedWidthInteger>(
        _ values: [S],
        to type: ElementType
    ) -> TensorStorage {
        switch type {
        case .float: .float(values.map { Float($0) })
        case .double: .double(values.map { Double($0) })
        case .float16: .float16(values.map { half(Double($0)) })
        case .bfloat16: .bfloat16(values.map { brain(Double($0)) })
        case .bool: .bool(values.map { $0 != 0 })
        case .string: .string(values.map { String($0) })
        case .int64: .int64(values.map { Int64(truncatingIfNeeded: $0) })
        case .int32: .int32(values.map { Int32(truncatingIfNeeded: $0) })
        case .int16: .int16(values.map { Int16(truncatingIfNeeded: $0) })
        case .int8: .int8(values.map { Int8(truncatingIfNeeded: $0) })
        case .uint64: .uint64(values.map { UInt64(truncatingIfNeeded: $0) })
        case .uint32: .uint32(values.map { UInt32(truncatingIfNeeded: $0) })
        case .uint16: .uint16(values.map { UInt16(truncatingIfNeeded: $0) })
        case .uint8: .uint8(values.map { UInt8(truncatingIfNeeded: $0) })
        }
    }

    private static func strings(
        _ values: [String],
        to type: ElementType
    ) throws(GraphError) -> TensorStorage {
        if type.isInteger {
            var numbers: [Int64] = []
            for value in values {
                guard let number = Int64(value) else { throw noNumber(value) }
                numbers.append(number)
            }
            return try cast(.int64(numbers), to: type)
        }
        var numbers: [Double] = []
        for value in values {
            guard let number = type == .float ? Float(value).map({ Double($0) }) : Double(value)
            else { throw noNumber(value) }
            numbers.append(number)
        }
        return try cast(.double(numbers), to: type)
    }

    private static func noNumber(_ text: String) -> GraphError {
        GraphError(.shape, "'\(text.prefix(40))' is no number")
    }

    private static func half<S: BinaryFloatingPoint>(_ value: S) -> Half {
        Half(roundedToOdd(Double(value)))
    }

    private static func brain<S: BinaryFloatingPoint>(_ value: S) -> BFloat16 {
        BFloat16(roundedToOdd(Double(value)))
    }

    /// To 32 bits in such a way that rounding once more is as exact as rounding once.
    private static func roundedToOdd(_ value: Double) -> Float {
        let nearest = Float(value)
        guard Double(nearest) != value, nearest.isFinite else { return nearest }
        let toward =
            nearest.magnitude > Float.zero && Double(nearest.magnitude) > value.magnitude
            ? Float(bitPattern: nearest.bitPattern - 1) : nearest
        return Float(bitPattern: toward.bitPattern | 1)
    }

    private static func text<S: BinaryFloatingPoint>(_ value: S) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-INF" : "INF" }
        // The shortest text that gives the same number in its own type.
        if let single = value as? Float { return "\(single)" }
        return "\(Double(value))"
    }
}
