internal import Inference

/// Which outputs of a graph are the score and the label, and what they mean.
struct OutputChoice {
    /// A value that becomes columns of the model's last stage.
    struct Column {
        var value: Int
        var name: String
        var columns: Int
        var labels: [String] = []
    }

    var type: String
    /// The score, or all scores of a classifier; the label comes in front of them, if wanted.
    var scores: [Column]
    var label: Column?
    var head: ModelHead
    /// What of several scores is the score; it comes right behind the label then.
    var reduction = GraphStage.Reduction.none

    /// Decides by the metadata's output, else by the exporters' conventions.
    ///
    /// - Throws: `ONNXError` naming the outputs there are when none of them is the score.
    init(
        _ graph: GraphAnalysis,
        _ probe: GraphProbe,
        output: String?
    ) throws(ONNXError) {
        let ports = graph.program.outputs
        var label: Column?
        var numbers: [(column: Column, keys: [String])] = []
        for (port, found) in zip(ports, probe.outputs) {
            guard let count = found.columns, count > 0 else { continue }
            let column = Column(value: port.value, name: port.name, columns: count)
            switch found.type {
            case nil, .float, .double, .float16, .bfloat16: numbers.append((column, found.keys))
            default: if label == nil, count == 1 { label = column }
            }
        }
        if let output {
            self = try Self.named(output, numbers.map(\.column), label, graph)
            return
        }
        guard let first = numbers.first else {
            throw ONNXError(.unsupported, "the graph has no output of numbers to score by")
        }
        guard let label else {
            self = try Self.plain(numbers.map(\.column))
            return
        }
        let isOneEach = numbers.count > 1 && numbers.allSatisfy { $0.column.columns == 1 }
        let isOneNumber = first.column.columns == 1 && (!isOneEach || first.column.name == "scores")
        if isOneNumber, case .unknown = LabelOrigin.find(label.value, in: graph) {
            self = Self.detector(first.column, graph)
        } else {
            self = Self.classes(label, numbers, isOneEach: isOneEach, graph)
        }
    }

    private init(
        type: String,
        scores: [Column],
        label: Column? = nil,
        head: ModelHead,
        reduction: GraphStage.Reduction = .none
    ) {
        self.reduction = reduction
        self.type = type
        self.scores = scores
        self.label = label
        self.head = head
    }

    /// A regressor's only number.
    private static func plain(_ numbers: [Column]) throws(ONNXError) -> OutputChoice {
        guard numbers.count == 1, let only = numbers.first, only.columns == 1 else {
            throw ONNXError(
                .unsupported,
                "the graph has several numbers a row (\(texts(numbers))); say in its metadata "
                    + "(output) which one is the score, for example \"\(example(numbers))\""
            )
        }
        return OutputChoice(type: "onnx_regressor", scores: [only], head: .value)
    }

    private static func texts(_ numbers: [Column]) -> String {
        numbers.map { "\($0.name): \($0.columns)" }.joined(separator: ", ")
    }

    private static func example(_ numbers: [Column]) -> String {
        guard let first = numbers.first else { return "scores" }
        return first.columns == 1 ? first.name : "\(first.name)[0]"
    }

    /// The output that the metadata names, as `scores` or `probabilities[1]`.
    private static func named(
        _ text: String,
        _ numbers: [Column],
        _ label: Column?,
        _ graph: GraphAnalysis
    ) throws(ONNXError) -> OutputChoice {
        var name = text
        var position = 0
        if text.hasSuffix("]"), let open = text.lastIndex(of: "["),
            let number = Int(text[text.index(after: open)...].dropLast())
        {
            name = String(text[..<open])
            position = number
        }
        let exact = numbers.first { $0.name == text }
        guard let column = exact ?? numbers.first(where: { $0.name == name }) else {
            throw ONNXError(
                .unsupported,
                "the metadata's output '\(text)' is not among the graph's numbers "
                    + "(\(texts(numbers)))"
            )
        }
        if exact != nil { position = 0 }
        guard (0..<column.columns).contains(position), column.columns == 1 || name != text else {
            throw ONNXError(
                .unsupported,
                "the metadata's output '\(text)' is not one number: '\(column.name)' has "
                    + "\(column.columns) columns"
            )
        }
        if column.columns == 1, let label, case .unknown = LabelOrigin.find(label.value, in: graph)
        {
            return detector(column, graph)
        }
        let head = ModelHead(score: .column(position))
        return OutputChoice(type: "onnx_output", scores: [column], head: head)
    }

    /// A decision below 0 is an anomaly; a one-class SVM's is unless it is above.
    private static func detector(_ score: Column, _ graph: GraphAnalysis) -> OutputChoice {
        let origin = graph.producer(of: graph.origin(of: score.value))
        let isMachine = origin?.operatorName == "SVMRegressor"
        let isNeighbours = graph.program.nodes.contains { $0.operatorName == "TopK" }
        return OutputChoice(
            type: isMachine
                ? "one_class_svm" : isNeighbours ? "local_outlier_factor" : "onnx_detector",
            scores: [score],
            head: isMachine ? .aboveZeroIsNormal : .belowZeroIsAnomaly
        )
    }

    private static func classes(
        _ label: Column,
        _ numbers: [(column: Column, keys: [String])],
        isOneEach: Bool,
        _ graph: GraphAnalysis
    ) -> OutputChoice {
        let scores = isOneEach ? numbers.map(\.column) : [numbers[0].column]
        let count = scores.reduce(0) { $0 + $1.columns }
        let ordinals = (0..<count).map { "\($0)" }
        let origin = LabelOrigin.find(label.value, in: graph)
        var label = label
        switch origin {
        case .smallest:
            label.labels = ordinals
            return OutputChoice(
                type: "k_means",
                scores: scores,
                label: label,
                head: ModelHead(score: .column(1), label: .index(column: 0), labels: ordinals),
                reduction: .minimum
            )
        case .largest:
            label.labels = ordinals
            if let density = density(numbers.map(\.column), graph) {
                return OutputChoice(
                    type: "gaussian_mixture",
                    scores: [density],
                    label: label,
                    head: ModelHead(score: .column(1), label: .index(column: 0), labels: ordinals)
                )
            }
        case .classes(let classes): label.labels = classes
        case .unknown: label.labels = numbers[0].keys.isEmpty ? ordinals : numbers[0].keys
        }
        if !numbers[0].keys.isEmpty { label.labels = numbers[0].keys }
        return OutputChoice(
            type: "onnx_classifier",
            scores: scores,
            label: label,
            head: ModelHead(
                score: .column(count == 2 ? 2 : 1),
                label: .index(column: 0),
                labels: label.labels
            ),
            reduction: count == 2 ? .none : .maximum
        )
    }

    /// The log-likelihood of a mixture: its own output, or the value the probabilities come from.
    private static func density(_ numbers: [Column], _ graph: GraphAnalysis) -> Column? {
        if let own = numbers.first(where: { $0.name == "score_samples" && $0.columns == 1 }) {
            return own
        }
        let sums = graph.program.nodes.filter { $0.operatorName == "ReduceLogSumExp" }
        guard sums.count == 1, let value = sums[0].outputs.first, value >= 0,
            case .int(1)? = sums[0].attributes["keepdims"] ?? .int(1)
        else { return nil }
        return Column(value: value, name: "score_samples", columns: 1)
    }
}
