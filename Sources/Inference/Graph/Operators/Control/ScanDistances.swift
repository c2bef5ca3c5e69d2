/// Recognises the scan that exporters write for squared distances, and computes them at once.
///
/// The body is Sub, ReduceSumSquare and any number of Identity. Results are the loop's, bit by bit.
enum ScanDistances {
    /// The outputs, or nil if the scan is another one.
    ///
    /// - Throws: `GraphError` if the result exceeds the limits.
    static func evaluate(
        _ plan: ScanPlan,
        _ call: OperatorCall
    ) throws(GraphError) -> [GraphValue]? {
        guard plan.isPlain, plan.states.count == 1, plan.scanned.count == 1,
            plan.captured.isEmpty, plan.outputAxes.count == 1,
            case .tensor(let points) = plan.states[0], points.rank == 2,
            plan.scanned[0].rank == 2, plan.scanned[0].shape[1] == points.shape[1],
            isDistance(plan.body)
        else { return nil }
        let rows = plan.scanned[0]
        let shape = [rows.shape[0], points.shape[0]]
        let width = points.shape[1]
        try call.meter.spend(try call.count(of: shape), times: width)
        let storage: TensorStorage
        switch (rows.storage, points.storage) {
        case (.float(let a), .float(let b)):
            storage = .float(SquaredDistances.between(a, b, width: width, shape: shape))
        case (.double(let a), .double(let b)):
            storage = .double(SquaredDistances.between(a, b, width: width, shape: shape))
        default: return nil
        }
        return [plan.states[0], .tensor(try Tensor(shape: shape, storage))]
    }

    private static func isDistance(_ body: GraphProgram) -> Bool {
        var makers: [Int: GraphNode] = [:]
        for node in body.nodes {
            guard ["Identity", "Sub", "ReduceSumSquare"].contains(node.operatorName),
                node.domain.isEmpty, let output = node.outputs.first, output >= 0
            else { return false }
            makers[output] = node
        }
        func origin(_ value: Int) -> Int {
            var value = value
            while let node = makers[value], node.operatorName == "Identity",
                let input = node.inputs.first
            {
                value = input
            }
            return value
        }
        guard origin(body.outputs[0].value) == body.inputs[0].value,
            let sum = makers[origin(body.outputs[1].value)],
            sum.operatorName == "ReduceSumSquare", sum.attributes["keepdims"] == .int(0),
            axes(sum, body) == [1] || axes(sum, body) == [-1],
            let input = sum.inputs.first, let difference = makers[origin(input)],
            difference.operatorName == "Sub", difference.inputs.count == 2
        else { return false }
        let (state, slice) = (body.inputs[0].value, body.inputs[1].value)
        let operands = difference.inputs.map(origin)
        return operands == [state, slice] || operands == [slice, state]
    }

    private static func axes(_ node: GraphNode, _ body: GraphProgram) -> [Int64]? {
        if node.version < ReduceSumSquareOperator.axesInputVersion {
            guard case .ints(let axes) = node.attributes["axes"] else { return nil }
            return axes
        }
        guard node.inputs.count > 1,
            let constant = body.initializers.first(where: { $0.value == node.inputs[1] }),
            case .int64(let axes) = constant.tensor.storage
        else { return nil }
        return axes
    }
}
