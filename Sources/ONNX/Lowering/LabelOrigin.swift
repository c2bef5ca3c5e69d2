internal import Inference

/// The labels that a label output can have, found from where it comes.
struct LabelOrigin {
    /// What decides the label.
    enum Kind {
        /// Class labels that stand in the graph.
        case classes([String])
        /// The position of the largest or smallest number.
        case largest, smallest
        case unknown
    }

    private static let reach = 10_000

    /// Walks from a label output toward the inputs, nearest nodes first.
    static func find(_ value: Int, in graph: GraphAnalysis) -> Kind {
        var waiting = [value]
        var seen = Set(waiting)
        var next = 0
        while next < waiting.count, next < reach {
            let node = graph.producer(of: waiting[next])
            next += 1
            guard let node else { continue }
            if let kind = kind(of: node, graph) { return kind }
            for input in node.inputs where input >= 0 && seen.insert(input).inserted {
                waiting.append(input)
            }
        }
        return .unknown
    }

    private static func kind(of node: GraphNode, _ graph: GraphAnalysis) -> Kind? {
        for name in ["classlabels_strings", "values_strings"] {
            if case .strings(let values) = node.attributes[name], !values.isEmpty {
                return .classes(unique(values))
            }
        }
        for name in ["classlabels_ints", "classlabels_int64s", "values_int64s"] {
            if case .ints(let values) = node.attributes[name], !values.isEmpty {
                return .classes(unique(values.map { "\($0)" }))
            }
        }
        switch node.operatorName {
        case "ArrayFeatureExtractor", "Gather":
            guard let data = node.inputs.first, let tensor = graph.constant(data) else {
                return nil
            }
            switch tensor.storage {
            case .string(let values): return .classes(unique(values))
            case .int64(let values): return .classes(unique(values.map { "\($0)" }))
            case .int32(let values): return .classes(unique(values.map { "\($0)" }))
            default: return nil
            }
        case "ArgMax": return .largest
        case "ArgMin": return .smallest
        // Comparisons with a threshold make a detector's label, not a class.
        case "Sign", "Less", "Greater", "LessOrEqual", "GreaterOrEqual": return .unknown
        default: return nil
        }
    }

    private static func unique(_ values: [String]) -> [String] {
        var seen = Set<String>()
        return values.filter { seen.insert($0).inserted }
    }
}
