/// Tensors one after the other along an axis.
enum ConcatOperator: GraphOperator {
    static let name = "Concat"
    static let versions = [1, 4, 11, 13]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let tensors = try call.tensors()
        let rank = tensors[0].rank
        // Version 1 has a default, the others want it to be stated.
        guard let given = try call.int("axis") ?? (call.version < 4 ? 1 : nil) else {
            throw GraphError(.invalid, "attribute axis is missing")
        }
        let axis = try call.axis(given, rank: rank)
        return [.tensor(try joined(tensors, axis: axis, limits: call.limits))]
    }

    /// Tensors, of which there is at least one, along an axis that the first one has.
    ///
    /// - Throws: `GraphError` if types or shapes differ, or the result exceeds the limits.
    static func joined(
        _ tensors: [Tensor],
        axis: Int,
        limits: GraphLimits
    ) throws(GraphError) -> Tensor {
        let rank = tensors[0].rank
        var shape = tensors[0].shape
        for tensor in tensors.dropFirst() {
            let fits =
                tensor.rank == rank
                && shape.indices.allSatisfy { $0 == axis || tensor.shape[$0] == shape[$0] }
            guard fits else {
                throw GraphError(
                    .shape,
                    "shapes \(Tensor.text(shape)) and \(Tensor.text(tensor.shape)) do not join "
                        + "along axis \(axis)"
                )
            }
            let (sum, overflow) = shape[axis].addingReportingOverflow(tensor.shape[axis])
            guard !overflow else { throw GraphError(.limit, "the joined axis is too long") }
            shape[axis] = sum
        }
        _ = try Tensor.elementCount(of: shape, limits: limits)
        let storage = try tensors[0].storage.applying(Join(tensors: tensors, axis: axis))
        return try Tensor(shape: shape, storage, limits: limits)
    }

    private struct Join: StorageTransform {
        let tensors: [Tensor]
        let axis: Int

        func callAsFunction<E: TensorElement>(_ values: [E]) throws(GraphError) -> [E] {
            var parts: [(values: [E], width: Int)] = []
            for tensor in tensors {
                guard let part = E.values(of: tensor.storage) else {
                    throw TypeMismatch.error(tensors[0], tensor)
                }
                parts.append((part, tensor.shape[axis...].reduce(1, *)))
            }
            if parts.count == 1 { return values }
            var results: [E] = []
            results.reserveCapacity(parts.reduce(0) { $0 + $1.values.count })
            for row in 0..<tensors[0].shape[..<axis].reduce(1, *) {
                for part in parts {
                    let start = row * part.width
                    results.append(contentsOf: part.values[start..<start + part.width])
                }
            }
            return results
        }
    }
}
