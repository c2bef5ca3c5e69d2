internal import Inference

/// The stages between a graph's inputs and a value that a packed stage takes.
struct ColumnPrefix {
    let stages: [any Stage]
    /// Columns of the value.
    let columns: Int
    /// Whether the packed stage has to round its columns to 32 bits itself.
    let needsRounding: Bool
    /// Whether rounding its columns to 32 bits changes none, or has to happen anyway.
    let isFloat: Bool

    /// Stages that give a value: roundings and scalers where that is all, else a part of the graph.
    ///
    /// - Throws: `GraphError` when the value does not come from the inputs alone.
    init(_ value: Int, in graph: GraphAnalysis, featureCount: Int) throws(GraphError) {
        if let simple = Self.simple(value, graph, featureCount) {
            self = simple
            return
        }
        let program = try graph.part(from: graph.program.inputs, to: [(value, "columns")])
        let probe = try GraphProbe(program, inputCount: featureCount)
        guard let output = probe.outputs.first, let columns = output.columns, columns > 0,
            output.type == .float || output.type == .double
        else { throw GraphError(.unsupported, "the columns are no numbers") }
        stages = [
            GraphStage(
                program: program,
                outputs: [GraphStage.Output(index: 0, columns: columns)],
                takesSingleRows: probe.takesSingleRows
            )
        ]
        self.columns = columns
        needsRounding = false
        isFloat = output.type == .float
    }

    private init(stages: [any Stage], columns: Int, needsRounding: Bool) {
        self.stages = stages
        self.columns = columns
        self.needsRounding = needsRounding
        isFloat = needsRounding || !stages.isEmpty
    }

    /// A chain of Identity, Cast to float, Concat of all inputs and Scaler over float inputs.
    private static func simple(
        _ value: Int,
        _ graph: GraphAnalysis,
        _ count: Int
    ) -> ColumnPrefix? {
        let inputs = graph.program.inputs
        let isFloat = inputs.allSatisfy { ($0.type ?? .float) == .float }
        let isDouble = inputs.allSatisfy { $0.type == .double }
        guard isFloat || isDouble else { return nil }
        var value = value
        var scalers: [FloatColumns] = []
        var castsToFloat = false
        while let node = graph.producer(of: value) {
            switch node.operatorName {
            case "Identity" where node.domain.isEmpty: break
            case "Cast" where node.domain.isEmpty:
                guard case .int(1)? = node.attributes["to"] else { return nil }
                castsToFloat = true
            case "Scaler" where node.domain == "ai.onnx.ml":
                guard isFloat, let scaler = scaler(node, count) else { return nil }
                scalers.append(scaler)
            case "Concat" where node.domain.isEmpty:
                let isWhole =
                    node.inputs == inputs.map(\.value)
                    && inputs.allSatisfy { $0.shape?.count == 2 }
                guard isWhole, case .int(let axis)? = node.attributes["axis"],
                    axis == 1 || axis == -1
                else { return nil }
                return ColumnPrefix(scalers, count, isFloat || castsToFloat)
            default: return nil
            }
            guard let input = node.inputs.first, input >= 0 else { return nil }
            value = input
        }
        guard inputs.count == 1, inputs[0].value == value, inputs[0].shape?.count ?? 2 == 2 else {
            return nil
        }
        return ColumnPrefix(scalers, count, isFloat || castsToFloat)
    }

    private init(_ scalers: [FloatColumns], _ count: Int, _ rounds: Bool) {
        // The first scaler rounds its columns, so nothing else has to.
        self.init(
            stages: scalers.reversed(),
            columns: count,
            needsRounding: rounds && scalers.isEmpty
        )
    }

    private static func scaler(_ node: GraphNode, _ count: Int) -> FloatColumns? {
        func vector(_ name: String, _ fallback: Float) -> [Float]? {
            guard let attribute = node.attributes[name] else {
                return [Float](repeating: fallback, count: count)
            }
            guard case .floats(let values) = attribute else { return nil }
            if values.count == count { return values }
            return values.count == 1 ? [Float](repeating: values[0], count: count) : nil
        }
        guard let offset = vector("offset", 0), let scale = vector("scale", 1) else { return nil }
        return FloatColumns(offset: offset, scale: scale)
    }
}
