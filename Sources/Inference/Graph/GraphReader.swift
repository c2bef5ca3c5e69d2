/// Takes the parts of a graph out of bytes that may be damaged.
struct GraphReader {
    private let bytes: [UInt8]
    private var position = 0
    let limits: GraphLimits
    /// Nodes read so far, in all graphs.
    private var nodeCount = 0

    init(_ bytes: [UInt8], limits: GraphLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    var isAtEnd: Bool { position == bytes.count }
    private var left: Int { bytes.count - position }

    mutating func byte() throws(GraphError) -> UInt8 {
        guard left > 0 else { throw Self.cut }
        position += 1
        return bytes[position - 1]
    }

    mutating func int() throws(GraphError) -> Int {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try byte()
            guard shift < 63 || byte <= 1 else {
                throw GraphError(.invalid, "a number of the encoded graph is too long")
            }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { break }
            shift += 7
        }
        return Int(truncatingIfNeeded: value >> 1) ^ -Int(truncatingIfNeeded: value & 1)
    }

    /// A count of things that take at least some bytes each.
    mutating func count(atLeast byteCount: Int = 1) throws(GraphError) -> Int {
        let count = try int()
        guard count >= 0, count <= left / max(byteCount, 1) else { throw Self.cut }
        return count
    }

    mutating func countNode() throws(GraphError) {
        nodeCount += 1
        guard nodeCount <= limits.nodeCountMax else {
            throw GraphError(.limit, "more than \(limits.nodeCountMax) nodes")
        }
    }

    mutating func text() throws(GraphError) -> String {
        let count = try count()
        defer { position += count }
        return String(decoding: bytes[position..<position + count], as: UTF8.self)
    }

    mutating func ints() throws(GraphError) -> [Int] {
        let count = try count()
        var values: [Int] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try int()) }
        return values
    }

    mutating func raw<E: BitwiseCopyable>(
        _ count: Int,
        like zero: E
    ) throws(GraphError) -> [E] {
        let size = MemoryLayout<E>.size
        let (byteCount, overflow) = count.multipliedReportingOverflow(by: size)
        guard count >= 0, !overflow, byteCount <= left else { throw Self.cut }
        var values = [E](repeating: zero, count: count)
        values.withUnsafeMutableBytes { target in
            bytes[position..<position + byteCount].withUnsafeBytes { target.copyMemory(from: $0) }
        }
        position += byteCount
        return values
    }

    mutating func tensor() throws(GraphError) -> Tensor {
        let code = try byte()
        guard let type = ElementType(rawValue: code) else {
            throw GraphError(.invalid, "element type \(code) of an encoded tensor")
        }
        let shape = try ints()
        let count = try Tensor.elementCount(of: shape, limits: limits)
        return try Tensor(shape: shape, try storage(type, count), limits: limits)
    }

    private mutating func storage(
        _ type: ElementType,
        _ count: Int
    ) throws(GraphError) -> TensorStorage {
        switch type {
        case .float: return .float(try raw(count, like: 0))
        case .double: return .double(try raw(count, like: 0))
        case .int64: return .int64(try raw(count, like: 0))
        case .int32: return .int32(try raw(count, like: 0))
        case .int16: return .int16(try raw(count, like: 0))
        case .int8: return .int8(try raw(count, like: 0))
        case .uint64: return .uint64(try raw(count, like: 0))
        case .uint32: return .uint32(try raw(count, like: 0))
        case .uint16: return .uint16(try raw(count, like: 0))
        case .uint8: return .uint8(try raw(count, like: 0))
        case .bool: return .bool(try raw(count, like: UInt8(0)).map { $0 != 0 })
        case .float16: return .float16(try raw(count, like: 0).map { Half(bits: $0) })
        case .bfloat16: return .bfloat16(try raw(count, like: 0).map { BFloat16(bits: $0) })
        case .string:
            guard count <= left else { throw Self.cut }
            var values: [String] = []
            for _ in 0..<count { values.append(try text()) }
            return .string(values)
        }
    }

    private static let cut = GraphError(.invalid, "the encoded graph is cut off")
}
