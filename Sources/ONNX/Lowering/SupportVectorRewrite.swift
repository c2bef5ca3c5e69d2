internal import Inference

/// Replaces a graph that ends in an SVMRegressor by a packed machine in 64 bits.
///
/// The parameters are the file's 32-bit numbers; the columns are rounded as the graph's input is.
enum SupportVectorRewrite {
    /// The stages, or nil when the score does not come from such a node.
    ///
    /// - Throws: `GraphError` when the part in front of the machine cannot be evaluated.
    static func stages(
        _ choice: OutputChoice,
        _ graph: GraphAnalysis,
        _ featureCount: Int
    ) throws(GraphError) -> [any Stage]? {
        guard choice.label == nil, choice.scores.count == 1, choice.scores[0].columns == 1,
            let node = graph.producer(of: graph.origin(of: choice.scores[0].value)),
            node.domain == "ai.onnx.ml", node.operatorName == "SVMRegressor",
            let input = node.inputs.first, input >= 0
        else { return nil }
        let prefix = try ColumnPrefix(input, in: graph, featureCount: featureCount)
        let isOneClass = choice.type == "one_class_svm"
        guard let machine = machine(node, columns: prefix.columns, isOneClass: isOneClass) else {
            return nil
        }
        var stages = prefix.stages
        if prefix.needsRounding { stages.append(FloatColumns()) }
        stages.append(machine)
        return stages
    }

    private static func machine(
        _ node: GraphNode,
        columns: Int,
        isOneClass: Bool
    ) -> SupportVectorMachine? {
        guard case .int(let count)? = node.attributes["n_supports"], count > 0,
            case .floats(let vectors)? = node.attributes["support_vectors"],
            case .floats(let coefficients)? = node.attributes["coefficients"],
            coefficients.count == Int(count), vectors.count == coefficients.count * columns
        else { return nil }
        if case .int(let flag)? = node.attributes["one_class"], flag != 0 { return nil }
        if case .string(let text)? = node.attributes["post_transform"], text != "NONE" {
            return nil
        }
        var parameters: [Float] = [0, 0, 0]
        if case .floats(let values)? = node.attributes["kernel_params"], values.count == 3 {
            parameters = values
        }
        let kernel: SVMKernel
        if case .string(let name)? = node.attributes["kernel_type"] {
            switch name {
            case "LINEAR": kernel = .linear
            case "POLY": kernel = .polynomial
            case "RBF": kernel = .rbf
            case "SIGMOID": kernel = .sigmoid
            default: return nil
            }
        } else {
            kernel = .linear
        }
        guard let degree = Int(exactly: parameters[2]), degree >= 0, parameters[0] >= 0 else {
            return nil
        }
        var rho = 0.0
        if case .floats(let values)? = node.attributes["rho"], let first = values.first {
            rho = Double(first)
        }
        return SupportVectorMachine(
            kernel: kernel,
            gamma: Double(parameters[0]),
            coef0: Double(parameters[1]),
            degree: degree,
            supportVectors: vectors.map { Double($0) },
            dualCoefficients: coefficients.map { Double($0) },
            intercept: rho,
            isOneClass: isOneClass
        )
    }
}
