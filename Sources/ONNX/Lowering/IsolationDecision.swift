internal import Inference

/// The end of an isolation forest's graph: `-(2 ** -(sum / divisor)) + offset`.
struct IsolationDecision {
    private let divisor: Double
    private let addend: Double

    /// Reads the steps between the sum of all depths and the score; nil when they are others.
    static func find(_ sum: Int, _ score: Int, _ graph: GraphAnalysis) -> IsolationDecision? {
        guard let (power, addend) = operands(graph.origin(of: score), "Add", graph),
            let raised = only(power, "Neg", graph),
            let pow = graph.producer(of: raised), pow.operatorName == "Pow", pow.inputs.count == 2,
            number(pow.inputs[0], graph) == 2, pow.inputs[1] >= 0,
            let quotient = only(pow.inputs[1], "Neg", graph),
            let (own, divisor) = operands(quotient, "Div", graph), graph.origin(of: own) == sum,
            divisor > 0, divisor.isFinite, addend.isFinite
        else { return nil }
        return IsolationDecision(divisor: divisor, addend: addend)
    }

    func score(treeCount: Int) -> IsolationScore {
        IsolationScore(averagePathLength: divisor / Double(treeCount), offset: -addend)
    }

    /// The value and the constant that a node combines.
    private static func operands(
        _ value: Int,
        _ name: String,
        _ graph: GraphAnalysis
    ) -> (value: Int, constant: Double)? {
        guard let node = graph.producer(of: value), node.domain.isEmpty, node.operatorName == name,
            node.inputs.count == 2, node.inputs[0] >= 0,
            let constant = number(node.inputs[1], graph)
        else { return nil }
        return (node.inputs[0], constant)
    }

    private static func only(_ value: Int, _ name: String, _ graph: GraphAnalysis) -> Int? {
        guard let node = graph.producer(of: value), node.domain.isEmpty, node.operatorName == name,
            node.inputs.count == 1, node.inputs[0] >= 0
        else { return nil }
        return node.inputs[0]
    }

    private static func number(_ value: Int, _ graph: GraphAnalysis) -> Double? {
        guard value >= 0, let tensor = graph.constant(value), tensor.count == 1 else { return nil }
        switch tensor.storage {
        case .float(let values): return Double(values[0])
        case .double(let values): return values[0]
        default: return nil
        }
    }
}
