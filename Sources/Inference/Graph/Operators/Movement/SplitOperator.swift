/// A tensor cut into parts along an axis.
enum SplitOperator: GraphOperator {
    static let name = "Split"
    static let versions = [2, 11, 13, 18]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let axis = try call.axis(try call.int("axis", default: 0), rank: input.rank)
        let size = input.shape[axis]
        let given =
            call.version < 13
            ? try call.ints("split") : try call.optionalTensor(1)?.integers()
        let sizes: [Int]
        if let given {
            sizes = given
        } else {
            let parts = try call.int("num_outputs", default: call.node.outputs.count)
            guard parts > 0, parts <= max(call.node.outputs.count, 1) else {
                throw GraphError(.invalid, "a split into \(parts) parts")
            }
            // The last part is smaller where the size does not divide.
            let whole = (size + parts - 1) / parts
            sizes = (0..<parts).map { max(0, min(whole, size - $0 * whole)) }
        }
        guard sizes.allSatisfy({ $0 >= 0 && $0 <= size }), sizes.reduce(0, &+) == size else {
            throw GraphError(.shape, "parts \(Tensor.text(sizes)) of an axis of size \(size)")
        }
        var results: [GraphValue] = []
        var start = 0
        for size in sizes {
            results.append(.tensor(try input.part(axis: axis, start: start, count: size)))
            start += size
        }
        return results
    }
}
