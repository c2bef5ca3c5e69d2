internal import Inference

/// Replaces a graph around one tree ensemble by packed trees, with a small graph behind if needed.
enum ForestRewrite {
    /// The stages, or nil when the score does not come from one ensemble alone.
    ///
    /// - Throws: `GraphError` when the trees contradict themselves.
    static func stages(
        _ choice: OutputChoice,
        _ graph: GraphAnalysis,
        _ featureCount: Int
    ) throws(GraphError) -> [any Stage]? {
        let nodes = graph.program.nodes.filter {
            $0.domain == "ai.onnx.ml" && $0.operatorName.hasPrefix("TreeEnsemble")
        }
        guard nodes.count == 1, let node = nodes.first, let input = node.inputs.first, input >= 0
        else { return nil }
        if let label = choice.label {
            return try classifier(node, input, label, choice, graph, featureCount)
        }
        return try scores(node, input, choice, graph, featureCount)
    }

    private static func scores(
        _ node: GraphNode,
        _ input: Int,
        _ choice: OutputChoice,
        _ graph: GraphAnalysis,
        _ featureCount: Int
    ) throws(GraphError) -> [any Stage]? {
        guard choice.scores.count == 1, let output = node.outputs.first, output >= 0 else {
            return nil
        }
        let prefix = try ColumnPrefix(input, in: graph, featureCount: featureCount)
        guard let forest = try FloatForest(scoresOf: node, roundsInput: prefix.needsRounding) else {
            return nil
        }
        let score = choice.scores[0]
        if graph.origin(of: score.value) == output {
            let plain = forest.plainForest(isFloat: prefix.isFloat)
            return prefix.stages + [plain ?? forest as any Stage]
        }
        guard let tail = try tail(from: output, forest, to: score, graph) else { return nil }
        let plain = forest.plainForest(isFloat: prefix.isFloat)
        return prefix.stages + [plain ?? forest as any Stage, tail]
    }

    /// The part of the graph behind the trees, when it needs nothing else.
    static func tail(
        from value: Int,
        _ forest: FloatForest,
        to score: OutputChoice.Column,
        _ graph: GraphAnalysis
    ) throws(GraphError) -> GraphStage? {
        var port = GraphPort(name: "trees", type: .float, shape: [-1, forest.scoreCount])
        port.setValue(value)
        let program: GraphProgram
        do throws(GraphError) {
            program = try graph.part(from: [port], to: [(score.value, score.name)])
        } catch {
            return nil
        }
        let probe = try GraphProbe(program, inputCount: forest.scoreCount)
        guard !probe.takesSingleRows, probe.outputs.first?.columns == score.columns else {
            return nil
        }
        return GraphStage(
            program: program,
            outputs: [GraphStage.Output(index: 0, columns: score.columns)],
            takesSingleRows: false
        )
    }

    private static func classifier(
        _ node: GraphNode,
        _ input: Int,
        _ label: OutputChoice.Column,
        _ choice: OutputChoice,
        _ graph: GraphAnalysis,
        _ featureCount: Int
    ) throws(GraphError) -> [any Stage]? {
        guard node.outputs.count == 2, choice.scores.count == 1,
            origin(of: label.value, graph) == node.outputs[0],
            origin(of: choice.scores[0].value, graph) == node.outputs[1]
        else { return nil }
        let prefix = try ColumnPrefix(input, in: graph, featureCount: featureCount)
        guard
            let (forest, labels) = try FloatForest.classifier(
                node,
                roundsInput: prefix.needsRounding
            ), labels == label.labels, forest.scoreCount == choice.scores[0].columns + 1
        else { return nil }
        let isReduced = choice.reduction == .maximum
        return prefix.stages + [isReduced ? forest.givingBestScore : forest]
    }

    /// The origin of an output, also behind maps and casts of labels.
    private static func origin(of value: Int, _ graph: GraphAnalysis) -> Int {
        var value = graph.origin(of: value)
        while let node = graph.producer(of: value), let input = node.inputs.first, input >= 0,
            node.operatorName == "ZipMap"
                || (node.domain.isEmpty && node.operatorName == "Cast"
                    && (node.attributes["to"] == .int(7) || node.attributes["to"] == .int(8)))
        {
            value = graph.origin(of: input)
        }
        return value
    }
}
