extension GraphProgram {
    /// Evaluates the graph on inputs in the order of `inputs`.
    ///
    /// - Throws: `GraphError` naming the node, if shapes or types do not fit or a limit is met.
    public func run(
        _ arguments: [GraphValue],
        limits: GraphLimits = .standard
    ) throws(GraphError) -> [GraphValue] {
        try run(arguments, meter: WorkMeter(limits: limits))
    }

    /// Evaluates the graph on inputs by name.
    ///
    /// - Throws: `GraphError` as `run` does, and for a missing input.
    public func run(
        named arguments: [String: GraphValue],
        limits: GraphLimits = .standard
    ) throws(GraphError) -> [String: GraphValue] {
        var ordered: [GraphValue] = []
        for input in inputs {
            guard let value = arguments[input.name] else {
                throw GraphError(.shape, "input '\(input.name)' is missing")
            }
            ordered.append(value)
        }
        let results = try run(ordered, limits: limits)
        return Dictionary(
            zip(outputs.map(\.name), results),
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// Evaluates the graph within a run; captured values come after the inputs.
    ///
    /// - Throws: `GraphError` as `run` does.
    func run(_ arguments: [GraphValue], meter: WorkMeter) throws(GraphError) -> [GraphValue] {
        guard arguments.count == inputs.count + captured.count else {
            throw GraphError(
                .shape,
                "\(arguments.count) inputs, not \(inputs.count + captured.count)"
            )
        }
        var values = [GraphValue?](repeating: nil, count: valueCount)
        var live = 0
        for (port, argument) in zip(inputs, arguments) {
            try port.check(argument)
            values[port.value] = argument
            live += argument.elementCount
        }
        for (value, argument) in zip(captured, arguments.dropFirst(inputs.count)) {
            values[value] = argument
        }
        for initializer in initializers { values[initializer.value] = .tensor(initializer.tensor) }
        for index in nodes.indices {
            do throws(GraphError) {
                try step(index, &values, &live, meter)
            } catch {
                throw error.at(nodes[index].place(index))
            }
        }
        var results: [GraphValue] = []
        for output in outputs {
            guard let value = values[output.value] else {
                throw GraphError(.invalid, "output '\(output.name)' has no value")
            }
            results.append(value)
        }
        return results
    }

    private func step(
        _ index: Int,
        _ values: inout [GraphValue?],
        _ live: inout Int,
        _ meter: WorkMeter
    ) throws(GraphError) {
        let node = nodes[index]
        let arguments = node.inputs.map { $0 < 0 ? nil : values[$0] }
        // A dead value is dropped before the operator runs: it may then be changed in place.
        for value in node.inputs where value >= 0 && lastUses[value] == index {
            if let dead = values[value] {
                live -= dead.elementCount
                values[value] = nil
            }
        }
        let results = try operators[index].widened(
            OperatorCall(node: node, inputs: arguments, meter: meter)
        )
        guard results.count >= (node.outputs.lastIndex { $0 >= 0 } ?? -1) + 1 else {
            throw GraphError(
                .invalid,
                "\(node.outputs.count) outputs, but it makes \(results.count)"
            )
        }
        for (value, result) in zip(node.outputs, results) where value >= 0 {
            try meter.spend(result.elementCount)
            guard lastUses[value] >= 0 else { continue }
            live += result.elementCount
            values[value] = result
        }
        try meter.spend(WorkMeter.nodeSteps)
        guard live <= meter.limits.liveElementCountMax else {
            throw GraphError(
                .limit,
                "the run holds more than \(meter.limits.liveElementCountMax) elements at once"
            )
        }
    }
}

extension GraphOperator {
    /// Evaluates, with 16-bit floating-point numbers widened around the operator if it wants that.
    static func widened(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        guard widensHalves else { return try evaluate(call) }
        var type: ElementType?
        var inputs = call.inputs
        for (index, input) in inputs.enumerated() {
            guard case .tensor(let tensor) = input else { continue }
            guard tensor.type == .float16 || tensor.type == .bfloat16 else { continue }
            if type == nil { type = tensor.type }
            inputs[index] = .tensor(try Tensor(shape: tensor.shape, .float(try tensor.floats())))
        }
        guard let type else { return try evaluate(call) }
        let wide = OperatorCall(node: call.node, inputs: inputs, meter: call.meter)
        var results = try evaluate(wide)
        for (index, result) in results.enumerated() {
            guard case .tensor(let tensor) = result, case .float(let values) = tensor.storage
            else { continue }
            let narrow: TensorStorage =
                type == .float16
                ? .float16(values.map { Half($0) }) : .bfloat16(values.map { BFloat16($0) })
            results[index] = .tensor(try Tensor(shape: tensor.shape, narrow))
        }
        return results
    }
}

extension GraphPort {
    /// Compares a value with what the file declares.
    ///
    /// - Throws: `GraphError` naming the input, what it is and what it should be.
    func check(_ value: GraphValue) throws(GraphError) {
        guard case .tensor(let tensor) = value else { return }
        if let type, type != tensor.type {
            throw GraphError(
                .shape,
                "input '\(name)' has elements of type \(tensor.type.name), not \(type.name)"
            )
        }
        guard let shape else { return }
        let fits =
            shape.count == tensor.rank
            && zip(shape, tensor.shape).allSatisfy { $0 < 0 || $0 == $1 }
        guard fits else {
            throw GraphError(
                .shape,
                "input '\(name)' has the shape \(Tensor.text(tensor.shape)), not "
                    + Tensor.text(shape)
            )
        }
    }
}
