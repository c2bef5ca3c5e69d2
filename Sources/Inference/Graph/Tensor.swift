/// A dense array of any rank: a shape and its elements in row-major order.
public struct Tensor: Sendable, Equatable {
    /// Sizes by axis; empty for a scalar.
    public let shape: [Int]
    public let storage: TensorStorage

    /// A tensor of a shape.
    ///
    /// - Throws: `GraphError` if the shape is negative, beyond the limits, or another count.
    public init(
        shape: [Int],
        _ storage: TensorStorage,
        limits: GraphLimits = .standard
    ) throws(GraphError) {
        let count = try Tensor.elementCount(of: shape, limits: limits)
        guard count == storage.count else {
            throw GraphError(
                .invalid,
                "a tensor of shape \(Tensor.text(shape)) has \(storage.count) elements, "
                    + "not \(count)"
            )
        }
        self.shape = shape
        self.storage = storage
    }

    /// A tensor of rank 1.
    public init(_ storage: TensorStorage) {
        shape = [storage.count]
        self.storage = storage
    }

    /// A tensor of rank 0.
    package init<E: TensorElement>(scalar value: E) {
        shape = []
        storage = E.storage([value])
    }

    public var type: ElementType { storage.type }
    public var count: Int { storage.count }
    public var rank: Int { shape.count }

    /// The product of a shape's sizes.
    ///
    /// - Throws: `GraphError` if a size is negative or the product exceeds the limit.
    public static func elementCount(
        of shape: [Int],
        limits: GraphLimits = .standard
    ) throws(GraphError) -> Int {
        guard shape.count <= limits.rankMax else {
            throw GraphError(.limit, "rank \(shape.count) exceeds \(limits.rankMax)")
        }
        var count = 1
        var hasZero = false
        for size in shape {
            guard size >= 0 else {
                throw GraphError(.invalid, "the shape \(text(shape)) has a negative size")
            }
            guard size != 0 else {
                hasZero = true
                continue
            }
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            guard !overflow, product <= limits.elementCountMax else {
                throw GraphError(
                    .limit,
                    "a tensor of shape \(text(shape)) has more than "
                        + "\(limits.elementCountMax) elements"
                )
            }
            count = product
        }
        return hasZero ? 0 : count
    }

    /// A shape for messages: `[3, 4]`.
    static func text(_ shape: [Int]) -> String {
        "[" + shape.map(String.init).joined(separator: ", ") + "]"
    }

    /// The same elements in another shape of the same count.
    ///
    /// - Throws: `GraphError` if the counts differ.
    package func reshaped(_ newShape: [Int]) throws(GraphError) -> Tensor {
        try Tensor(shape: newShape, storage)
    }

    /// Distances, in elements, between neighbours on each axis.
    package var strides: [Int] { Tensor.strides(of: shape) }

    static func strides(of shape: [Int]) -> [Int] {
        var strides = [Int](repeating: 1, count: shape.count)
        for axis in strides.indices.dropLast().reversed() {
            strides[axis] = strides[axis + 1] &* shape[axis + 1]
        }
        return strides
    }
}
