/// Puts the parts of a graph into bytes: variable-length integers, counted strings, raw elements.
struct GraphWriter {
    private(set) var bytes: [UInt8] = []

    mutating func put(_ value: Int) {
        // Zigzag, so that small negative numbers stay short.
        var rest = UInt64(bitPattern: Int64((value << 1) ^ (value >> 63)))
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func put(byte: UInt8) { bytes.append(byte) }

    mutating func put(_ text: String) {
        let utf8 = Array(text.utf8)
        put(utf8.count)
        bytes.append(contentsOf: utf8)
    }

    mutating func put(_ values: [Int]) {
        put(values.count)
        for value in values { put(value) }
    }

    /// Elements as they are in memory, which is little-endian on every supported processor.
    mutating func put(raw values: [some BitwiseCopyable]) {
        values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }

    mutating func put(_ tensor: Tensor) {
        put(byte: tensor.type.rawValue)
        put(tensor.shape)
        switch tensor.storage {
        case .float(let values): put(raw: values)
        case .double(let values): put(raw: values)
        case .int64(let values): put(raw: values)
        case .int32(let values): put(raw: values)
        case .int16(let values): put(raw: values)
        case .int8(let values): put(raw: values)
        case .uint64(let values): put(raw: values)
        case .uint32(let values): put(raw: values)
        case .uint16(let values): put(raw: values)
        case .uint8(let values): put(raw: values)
        case .bool(let values): bytes.append(contentsOf: values.map { $0 ? 1 : 0 })
        case .float16(let values): put(raw: values.map(\.bits))
        case .bfloat16(let values): put(raw: values.map(\.bits))
        case .string(let values): for value in values { put(value) }
        }
    }
}
