/// The scan of version 8, in which a first axis holds independent batches.
enum BatchedScan {
    /// Scans every batch by itself and puts the results together.
    ///
    /// - Throws: `GraphError` as the scan does, and for sequences of different lengths.
    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let inputs = Array(call.inputs.dropFirst())
        var node = call.node
        node.version = 9
        node.attributes["scan_input_directions"] = node.attributes["directions"]
        let count = try batchCount(call)
        if let lengths = try call.optionalTensor(0)?.integers() {
            guard case .tensor(let last)? = inputs.last ?? nil, last.rank > 1,
                lengths.allSatisfy({ $0 == last.shape[1] })
            else { throw GraphError(.unsupported, "sequences of different lengths") }
        }
        var parts: [[Tensor]] = []
        for batch in 0..<count {
            var slices: [GraphValue?] = []
            for index in inputs.indices {
                let tensor = try call.tensor(index + 1)
                guard tensor.rank > 0, tensor.shape[0] == count else {
                    throw GraphError(.shape, "input \(index + 1) has not \(count) batches")
                }
                let slice = try tensor.part(axis: 0, start: batch, count: 1)
                slices.append(.tensor(try slice.reshaped(Array(tensor.shape.dropFirst()))))
            }
            let results = try ScanOperator.evaluate(
                OperatorCall(node: node, inputs: slices, meter: call.meter)
            )
            if parts.isEmpty { parts = [[Tensor]](repeating: [], count: results.count) }
            for (index, result) in results.enumerated() {
                guard case .tensor(let tensor) = result else { continue }
                parts[index].append(try tensor.reshaped([1] + tensor.shape))
            }
        }
        var outputs: [GraphValue] = []
        for part in parts {
            let whole = try ConcatOperator.joined(part, axis: 0, limits: call.limits)
            outputs.append(.tensor(whole))
        }
        return outputs
    }

    private static func batchCount(_ call: OperatorCall) throws(GraphError) -> Int {
        let first = try call.tensor(1)
        guard let count = first.shape.first, count > 0 else {
            throw GraphError(.shape, "there is no batch")
        }
        return count
    }
}
