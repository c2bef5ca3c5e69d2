/// The distances between all rows of one matrix and all rows of another.
enum CDistOperator: GraphOperator {
    static let domain = "com.microsoft"
    static let name = "CDist"
    static let versions = [1]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let (left, right) = (try call.tensor(0), try call.tensor(1))
        guard left.rank == 2, right.rank == 2, left.shape[1] == right.shape[1] else {
            throw GraphError(
                .shape,
                "rows of shapes \(Tensor.text(left.shape)) and \(Tensor.text(right.shape)) "
                    + "cannot be compared"
            )
        }
        let metric = try call.string("metric") ?? "sqeuclidean"
        guard metric == "sqeuclidean" || metric == "euclidean" else {
            throw GraphError(.unsupported, "metric '\(metric)' is not supported")
        }
        let shape = [left.shape[0], right.shape[0]]
        try call.meter.spend(try call.count(of: shape), times: left.shape[1])
        let width = left.shape[1]
        let storage: TensorStorage
        switch (left.storage, right.storage) {
        case (.float(let a), .float(let b)):
            let squares = SquaredDistances.between(a, b, width: width, shape: shape)
            storage = .float(metric == "euclidean" ? squares.map { $0.squareRoot() } : squares)
        case (.double(let a), .double(let b)):
            let squares = SquaredDistances.between(a, b, width: width, shape: shape)
            storage = .double(metric == "euclidean" ? squares.map { $0.squareRoot() } : squares)
        default: throw TypeMismatch.error(left, right)
        }
        return [.tensor(try Tensor(shape: shape, storage))]
    }
}

/// Sums of squared differences, as the operators Sub and ReduceSumSquare compute them.
enum SquaredDistances {
    /// Shape: left is rows x width, right is columns x width, the result rows x columns.
    static func between<T: GraphFloat>(
        _ left: [T],
        _ right: [T],
        width: Int,
        shape: [Int]
    ) -> [T] {
        var results: [T] = []
        results.reserveCapacity(shape[0] * shape[1])
        left.withUnsafeBufferPointer { left in
            right.withUnsafeBufferPointer { right in
                for row in 0..<shape[0] {
                    for column in 0..<shape[1] {
                        var sum = 0.0
                        for index in 0..<width {
                            let difference =
                                left[row * width + index] - right[column * width + index]
                            sum += difference.wide * difference.wide
                        }
                        results.append(T(wide: sum))
                    }
                }
            }
        }
        return results
    }
}
