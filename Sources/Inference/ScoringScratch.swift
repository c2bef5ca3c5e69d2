/// Memory that scoring reuses from model to model; one for each thread.
///
/// It grows to what the widest model with steps needs, at most about a megabyte unless a single
/// row is larger.
public struct ScoringScratch: Sendable {
    /// Values a half holds before rows are cut into chunks.
    static let chunkValueCount = 1 << 16

    private var values: [Double] = []

    public init() {}

    /// Runs with two buffers of a size, whose content is undefined.
    mutating func withHalves<R>(
        of count: Int,
        _ body: (UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>) -> R
    ) -> R? {
        if values.count < 2 * count { values = Array(repeating: 0, count: 2 * count) }
        return values.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return nil }
            return body(base, base + count)
        }
    }
}
