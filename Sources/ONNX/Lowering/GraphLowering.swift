internal import Inference

/// One graph on its way to a model.
struct GraphLowering {
    let graph: GraphAnalysis
    let featureCount: Int

    init(_ program: GraphProgram, featureCount: Int) {
        graph = GraphAnalysis(program)
        self.featureCount = featureCount
    }

    /// The model whose score is the named output, or the one by convention.
    ///
    /// - Throws: `ONNXError` and `GraphError` naming what is in the way.
    mutating func lower(output: String?) throws -> ModelParameters {
        let probe = try GraphProbe(graph.program, inputCount: featureCount)
        var choice = try OutputChoice(graph, probe, output: output)
        let stages = try stages(&choice, probe)
        return ModelParameters(
            type: choice.type,
            stages: stages,
            head: choice.head,
            featureCount: featureCount,
            featureNames: nil,
            source: ""
        )
    }

    /// The first of the rewrites that fits, else the whole graph as one stage.
    private func stages(
        _ choice: inout OutputChoice,
        _ probe: GraphProbe
    ) throws -> [any Stage] {
        if !probe.takesSingleRows {
            if let stages = try SupportVectorRewrite.stages(choice, graph, featureCount) {
                return stages
            }
            if let stages = try IsolationForestFolding.stages(choice, graph, featureCount) {
                if choice.type == "onnx_detector" { choice.type = "isolation_forest" }
                return stages
            }
            if let stages = try ForestRewrite.stages(choice, graph, featureCount) { return stages }
        }
        let columns = (choice.label.map { [$0] } ?? []) + choice.scores
        let program = try graph.part(
            from: graph.program.inputs,
            to: columns.map { ($0.value, $0.name) }
        )
        let outputs = columns.enumerated().map { index, column in
            GraphStage.Output(index: index, columns: column.columns, labels: column.labels)
        }
        return [
            GraphStage(
                program: program,
                outputs: outputs,
                takesSingleRows: probe.takesSingleRows,
                reduction: choice.reduction
            )
        ]
    }
}
