/// Packed numbers being appended, little-endian; offsets count from the start of the model.
public struct StageWriter {
    private(set) var bytes: [UInt8] = []

    init() {}

    /// Bytes so far.
    var count: Int { bytes.count }

    public mutating func put(_ value: some FixedWidthInteger & BitwiseCopyable) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    public mutating func put(_ value: Double) { put(value.bitPattern) }

    public mutating func put(_ values: [Double]) { append(values) }

    public mutating func put(_ values: [Float]) { append(values) }

    public mutating func put(_ values: [Int32]) { append(values) }

    public mutating func put(_ values: [UInt32]) { append(values) }

    public mutating func put(_ values: [UInt8]) { bytes.append(contentsOf: values) }

    /// Appends zeros up to a multiple of a power of two.
    public mutating func align(to alignment: Int) {
        let target = BlockLayout.aligned(bytes.count, to: alignment)
        bytes.append(contentsOf: repeatElement(0, count: target - bytes.count))
    }

    /// Appends the stages of a branch; `columns` as ``ModelParameters/columns(of:inputCount:)``.
    mutating func put(_ stages: [any Stage], columns: [Int]) {
        align(to: 8)
        ModelEncoder.encode(stages, columns: columns, into: &self)
    }

    /// Stores a number over earlier bytes.
    mutating func overwrite(_ value: some FixedWidthInteger & BitwiseCopyable, at offset: Int) {
        bytes.withUnsafeMutableBytes {
            $0.storeBytes(of: value.littleEndian, toByteOffset: offset, as: type(of: value))
        }
    }

    // Packed models are little-endian like every machine this is built for (CVector.h checks).
    private mutating func append(_ values: [some BitwiseCopyable]) {
        values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
}
