/// Reads the packed numbers of one stage in place, front to back, never beyond its end.
public struct StageReader {
    private let base: UnsafeRawPointer
    private var offset: Int
    private let end: Int
    /// How many stages this one is inside of.
    let depth: Int

    /// Reads a range of a model's bytes; the base has to be a multiple of 8.
    init(_ base: UnsafeRawPointer, _ range: Range<Int>, depth: Int = 0) {
        self.base = base
        self.depth = depth
        offset = range.lowerBound
        end = range.upperBound
    }

    /// Bytes not read yet.
    public var remaining: Int { end &- offset }

    /// A number of up to eight bytes.
    public mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        _ type: Value.Type
    ) throws(InferenceError) -> Value {
        let bytes = try take(MemoryLayout<Value>.size, alignment: 1)
        return Value(littleEndian: bytes.loadUnaligned(as: type))
    }

    /// A `UInt32` that counts something.
    public mutating func count(
        atMost limit: Int,
        _ what: StaticString
    ) throws(InferenceError) -> Int {
        let value = try integer(UInt32.self)
        guard Int(value) <= limit else { throw corrupt("\(what) is \(value), over \(limit)") }
        return Int(value)
    }

    public mutating func double() throws(InferenceError) -> Double {
        Double(bitPattern: try integer(UInt64.self))
    }

    /// A number that has to be finite.
    public mutating func finite(_ what: StaticString) throws(InferenceError) -> Double {
        let value = try double()
        guard value.isFinite else { throw corrupt("\(what) is \(value)") }
        return value
    }

    /// Doubles in place; the offset has to be a multiple of 8.
    public mutating func doubles(_ count: Int) throws(InferenceError) -> UnsafePointer<Double> {
        try values(count, of: Double.self)
    }

    /// Floats in place; the offset has to be a multiple of 4.
    public mutating func floats(_ count: Int) throws(InferenceError) -> UnsafePointer<Float> {
        try values(count, of: Float.self)
    }

    /// Integers in place; the offset has to be a multiple of 4.
    public mutating func int32s(_ count: Int) throws(InferenceError) -> UnsafePointer<Int32> {
        try values(count, of: Int32.self)
    }

    /// Integers in place; the offset has to be a multiple of 4.
    public mutating func uint32s(_ count: Int) throws(InferenceError) -> UnsafePointer<UInt32> {
        try values(count, of: UInt32.self)
    }

    /// Bytes in place.
    public mutating func bytes(_ count: Int) throws(InferenceError) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: try take(count, alignment: 1), count: count)
    }

    /// A reader of the next bytes, which this reader skips.
    public mutating func part(_ count: Int) throws(InferenceError) -> StageReader {
        let start = offset
        _ = try take(count, alignment: 1)
        return StageReader(base, start..<(start + count), depth: depth)
    }

    /// The stages of a branch that begin here, as ``StageWriter/put(_:columns:)`` wrote them.
    mutating func chain(count: Int, inputCount: Int) throws(InferenceError) -> StageChain {
        guard depth < ModelLimits.stageDepthMax else { throw corrupt("stages nest too deeply") }
        try align(to: 8)
        let chain = try StageChain(
            base,
            entries: offset,
            count: count,
            limit: end,
            inputCount: inputCount,
            depth: depth + 1
        )
        offset = chain.end
        return chain
    }

    /// Skips to a multiple of a power of two, counted from the start of the model.
    public mutating func align(to alignment: Int) throws(InferenceError) {
        let target = BlockLayout.aligned(offset, to: alignment)
        guard target <= end else { throw corrupt("it ends too early") }
        offset = target
    }

    /// Refuses bytes that nothing reads.
    public func expectEnd() throws(InferenceError) {
        guard offset == end else { throw corrupt("\(remaining) bytes too many") }
    }

    /// The error of bytes that are not a whole stage.
    @inline(never)
    public func corrupt(_ message: String) -> InferenceError {
        InferenceError(.corruptBlock, message)
    }

    @inline(__always)
    private mutating func values<Value: BitwiseCopyable>(
        _ count: Int,
        of type: Value.Type
    ) throws(InferenceError) -> UnsafePointer<Value> {
        let size = MemoryLayout<Value>.size
        let (byteCount, overflow) = count.multipliedReportingOverflow(by: size)
        guard !overflow else { throw corrupt("it ends too early") }
        return try take(byteCount, alignment: size).assumingMemoryBound(to: type)
    }

    @inline(__always)
    private mutating func take(
        _ count: Int,
        alignment: Int
    ) throws(InferenceError) -> UnsafeRawPointer {
        guard count >= 0, count <= end &- offset, offset & (alignment &- 1) == 0 else {
            throw corrupt("it ends too early")
        }
        defer { offset &+= count }
        return base + offset
    }
}
