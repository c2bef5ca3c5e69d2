/// Sums of products over axes that an equation names.
enum EinsumOperator: GraphOperator {
    static let name = "Einsum"
    static let versions = [12]
    static let widensHalves = true

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let tensors = try call.tensors()
        guard let text = try call.string("equation") else {
            throw GraphError(.invalid, "attribute equation is missing")
        }
        let equation = try EinsumEquation(text, ranks: tensors.map(\.rank))
        let sizes = try sizes(tensors, equation)
        let summed = sizes.keys.filter { !equation.output.contains($0) }.sorted()
        let labels = equation.output + summed
        let shape = equation.output.map { sizes[$0] ?? 1 }
        let plan = Plan(
            sizes: labels.map { sizes[$0] ?? 1 },
            strides: zip(tensors, equation.operands).map { strides($0, $1, labels) },
            count: try call.count(of: shape)
        )
        var steps = tensors.count
        for size in plan.sizes {
            let (product, overflow) = steps.multipliedReportingOverflow(by: size)
            guard !overflow else { throw GraphError(.limit, "the equation has too many terms") }
            steps = product
        }
        try call.meter.spend(steps)
        let storage: TensorStorage
        switch tensors[0].storage {
        case .float: storage = .float(plan.sums(try arrays(tensors), 0, 1, +, *))
        case .double: storage = .double(plan.sums(try arrays(tensors), 0, 1, +, *))
        case .int64: storage = .int64(plan.sums(try arrays(tensors), 0, 1, &+, &*))
        case .int32: storage = .int32(plan.sums(try arrays(tensors), 0, 1, &+, &*))
        default: throw TypeMismatch.error(tensors[0])
        }
        return [.tensor(try Tensor(shape: shape, storage))]
    }

    private static func arrays<T: TensorElement>(
        _ tensors: [Tensor]
    ) throws(GraphError) -> [[T]] {
        var arrays: [[T]] = []
        for tensor in tensors {
            guard let values = T.values(of: tensor.storage) else {
                throw TypeMismatch.error(tensors[0], tensor)
            }
            arrays.append(values)
        }
        return arrays
    }

    private static func sizes(
        _ tensors: [Tensor],
        _ equation: EinsumEquation
    ) throws(GraphError) -> [Int: Int] {
        var sizes: [Int: Int] = [:]
        for (tensor, labels) in zip(tensors, equation.operands) {
            for (label, size) in zip(labels, tensor.shape) {
                let known = sizes[label] ?? 1
                guard known == size || known == 1 || size == 1 else {
                    throw GraphError(.shape, "an axis has the sizes \(known) and \(size)")
                }
                sizes[label] = known == 1 ? size : known
            }
        }
        return sizes
    }

    /// Distances in an operand for each label; a repeated label walks a diagonal.
    private static func strides(_ tensor: Tensor, _ own: [Int], _ labels: [Int]) -> [Int] {
        let strides = tensor.strides
        return labels.map { label in
            own.indices.reduce(0) { sum, axis in
                own[axis] == label && tensor.shape[axis] != 1 ? sum + strides[axis] : sum
            }
        }
    }

    private struct Plan {
        let sizes: [Int]
        let strides: [[Int]]
        /// Elements of the result, whose labels come first.
        let count: Int

        func sums<T>(
            _ operands: [[T]],
            _ zero: T,
            _ one: T,
            _ add: (T, T) -> T,
            _ multiply: (T, T) -> T
        ) -> [T] {
            var results = [T](repeating: zero, count: count)
            let total = sizes.reduce(1, *)
            guard total > 0 else { return results }
            var position = [Int](repeating: 0, count: sizes.count)
            var places = [Int](repeating: 0, count: operands.count)
            for step in 0..<total {
                var product = one
                for (operand, place) in zip(operands, places) {
                    product = multiply(product, operand[place])
                }
                let target = step / (total / count)
                results[target] = add(results[target], product)
                var axis = sizes.count - 1
                while axis >= 0 {
                    position[axis] += 1
                    let isDone = position[axis] == sizes[axis]
                    let back = isDone ? 1 - sizes[axis] : 1
                    for index in places.indices { places[index] += strides[index][axis] * back }
                    guard isDone else { break }
                    position[axis] = 0
                    axis -= 1
                }
            }
            return results
        }
    }
}
