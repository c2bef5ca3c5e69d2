/// Appends little-endian numbers and columns to bytes.
struct ByteWriter {
    var bytes: [UInt8] = []

    /// Appends a number.
    mutating func append<Value: FixedWidthInteger>(_ value: Value) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Appends a column as it lies in memory; the product runs on little-endian machines only.
    mutating func append<Value: BitwiseCopyable>(column: [Value]) {
        column.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }

    /// Overwrites a number at a position that was written before.
    mutating func store<Value: FixedWidthInteger>(_ value: Value, at position: Int) {
        bytes.withUnsafeMutableBytes {
            $0.storeBytes(of: value.littleEndian, toByteOffset: position, as: Value.self)
        }
    }
}

/// Reads little-endian numbers and columns, never beyond the end; nil says that bytes are missing.
struct ByteReader {
    let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    var remaining: Int { bytes.count - position }

    /// Reads a number.
    mutating func number<Value: FixedWidthInteger & BitwiseCopyable>(
        _ type: Value.Type = Value.self
    ) -> Value? {
        guard remaining >= MemoryLayout<Value>.size else { return nil }
        defer { position += MemoryLayout<Value>.size }
        return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: Value.self))
    }

    /// Reads so many bytes.
    mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count >= 0, count <= remaining else { return nil }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<(position + count)])
    }

    /// Reads a column of so many values.
    mutating func column<Value: BitwiseCopyable>(_ type: Value.Type, count: Int) -> [Value]? {
        let (byteCount, overflow) = count.multipliedReportingOverflow(
            by: MemoryLayout<Value>.stride
        )
        guard !overflow, let source = take(byteCount) else { return nil }
        return [Value](unsafeUninitializedCapacity: count) { buffer, filled in
            UnsafeMutableRawBufferPointer(buffer).copyMemory(from: source)
            filled = count
        }
    }
}
