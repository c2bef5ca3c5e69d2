import Inference
import Testing

@testable import ONNX

/// A graph of one node over one float input, with the named outputs.
private func model(
    _ nodes: [GraphSource.Node],
    input: GraphPort = GraphPort(name: "X", type: .float, shape: [-1, 2]),
    outputs: [String],
    metadata: [String: String] = [:]
) throws -> ONNXModel {
    var source = GraphSource()
    source.inputs = [input]
    source.nodes = nodes
    source.outputs = outputs.map { GraphPort(name: $0) }
    return ONNXModel(program: try GraphProgram(source), metadata: metadata, producer: "test 1")
}

private func node(
    _ name: String,
    _ inputs: [String],
    _ outputs: [String],
    _ attributes: [String: GraphAttribute] = [:],
    domain: String = "ai.onnx.ml"
) -> GraphSource.Node {
    GraphSource.Node(
        domain: domain,
        operatorName: name,
        imported: domain.isEmpty ? 18 : 3,
        inputs: inputs,
        outputs: outputs,
        attributes: attributes
    )
}

private func linear(_ targets: Int) -> GraphSource.Node {
    node(
        "LinearRegressor",
        ["X"],
        ["variable"],
        [
            "targets": .int(Int64(targets)),
            "coefficients": .floats((1...targets * 2).map { Float($0) }),
            "intercepts": .floats([Float](repeating: 0.5, count: targets)),
        ]
    )
}

/// skl2onnx's one-class SVM behind a scaler.
private let machine: [GraphSource.Node] = [
    node("Scaler", ["X"], ["scaled"], ["offset": .floats([1, 2]), "scale": .floats([2, 4])]),
    node(
        "SVMRegressor",
        ["scaled"],
        ["scores"],
        [
            "n_supports": .int(2), "coefficients": .floats([1, -1]),
            "support_vectors": .floats([0, 0, 1, 1]), "rho": .floats([0]),
            "kernel_params": .floats([0.5, 0, 3]), "kernel_type": .string("RBF"),
        ]
    ),
    node("Sign", ["scores"], ["sign"], domain: ""),
    node("Cast", ["sign"], ["label"], ["to": .int(7)], domain: ""),
]

@Suite("models out of ONNX graphs")
struct LoweringTests {
    @Test("a regressor's only number is the score, its source names the exporter")
    func regressor() throws {
        let lowered = try ONNXModelLowering.lower(try model([linear(1)], outputs: ["variable"]))
        #expect(lowered.head == .value)
        #expect(lowered.source == "ONNX graph of test 1")
        #expect(try PackedScores(lowered, rows: [[1, 2], [0, 0]]).scores == [5.5, 0.5])
    }

    @Test("several numbers need an output in the metadata, which may name a column")
    func severalNumbers() throws {
        let two = try model([linear(2)], outputs: ["variable"])
        #expect(throws: ONNXError.self) { try ONNXModelLowering.lower(two) }
        for output in ["variable", "variable[2]", "variable[-1]", "nothing", "variable[x]"] {
            #expect(throws: ONNXError.self, "\(output)") {
                try ONNXModelLowering.lower(two, metadata: ModelMetadata(output: output))
            }
        }
        let second = try ONNXModelLowering.lower(
            two,
            metadata: ModelMetadata(output: "variable[1]", sign: .higher, threshold: 10)
        )
        let scored = try PackedScores(second, rows: [[1, 1], [2, 2]])
        #expect(scored.scores == [7.5, 14.5])
        #expect(scored.anomalies == [0, 1])
    }

    @Test("a scaler and a machine become packed stages with the file's 32-bit numbers")
    func packedMachine() throws {
        let lowered = try ONNXModelLowering.lower(
            try model(machine, outputs: ["label", "scores"])
        )
        #expect(lowered.type == "one_class_svm")
        #expect(lowered.stages.map { type(of: $0).name } == ["float_columns", "support_vectors"])
        #expect(lowered.head == .aboveZeroIsNormal)
        // Both vectors are as far from (0.5, 0.5): the decision is exactly 0, an anomaly.
        let scored = try PackedScores(lowered, rows: [[1.25, 2.125], [1, 2], [.nan, 2]])
        #expect(scored.scores[0] == 0)
        #expect(scored.scores[1] > 0)
        #expect(scored.anomalies == [1, 0, -1])
    }

    @Test("the file's properties state features, threshold and golden rows, a sidecar goes first")
    func properties() throws {
        let file = try model(
            machine,
            outputs: ["label", "scores"],
            metadata: [
                "fleetscore.features": "[\"t\", \"p\"]", "fleetscore.threshold": "0.25",
                "fleetscore.golden": "[{\"row\": [1.25, 2.125], \"score\": 0}]",
            ]
        )
        #expect(try ONNXModelLowering.metadata(of: file).golden.count == 1)
        let own = try ONNXModelLowering.lower(file)
        #expect(own.featureNames == ["t", "p"])
        #expect(own.head.anomaly == .notAbove(0.25))
        let other = try ONNXModelLowering.lower(file, metadata: ModelMetadata(threshold: -1))
        #expect(other.head.anomaly == .notAbove(-1))
        #expect(throws: ONNXError.self) {
            try ONNXModelLowering.lower(file, metadata: ModelMetadata(features: ["only"]))
        }
    }

    @Test("an open number of columns is asked for")
    func openColumns() throws {
        let open = try model(
            [linear(1)],
            input: GraphPort(name: "X", type: .float, shape: [-1, -1]),
            outputs: ["variable"]
        )
        #expect(throws: ONNXError.self) { try ONNXModelLowering.lower(open) }
        let named = try ONNXModelLowering.lower(
            open,
            metadata: ModelMetadata(features: ["a", "b"])
        )
        #expect(named.featureCount == 2)
    }

    @Test("a graph without numbers, of images or of texts is refused by name")
    func refused() throws {
        let images = GraphPort(name: "X", type: .float, shape: [-1, 3, 8, 8])
        let texts = GraphPort(name: "X", type: .string, shape: [-1, 2])
        for input in [images, texts] {
            let same = try model(
                [node("Identity", ["X"], ["y"], domain: "")],
                input: input,
                outputs: ["y"]
            )
            #expect(throws: ONNXError.self) {
                try ONNXModelLowering.lower(same, metadata: ModelMetadata(output: "y[0]"))
            }
        }
        let labels = try model(machine, outputs: ["label"])
        #expect(throws: ONNXError.self) { try ONNXModelLowering.lower(labels) }
    }

    @Test("a graph that mixes rows is given one row at a time")
    func mixedRows() throws {
        let centered = try model(
            [
                node(
                    "ReduceMax",
                    ["X"],
                    ["y"],
                    ["keepdims": .int(1)],
                    domain: ""
                )
            ],
            outputs: ["y"]
        )
        let lowered = try ONNXModelLowering.lower(centered)
        #expect(try PackedScores(lowered, rows: [[1, 2], [5, 3]]).scores == [2, 5])
    }

    @Test("single trees whose leaves are looked up are folded to one ensemble")
    func foldedTrees() throws {
        var nodes: [GraphSource.Node] = []
        for tree in 0..<2 {
            nodes.append(
                node(
                    "TreeEnsembleRegressor",
                    ["X"],
                    ["leaf\(tree)"],
                    [
                        "nodes_treeids": .ints([0, 0, 0]), "nodes_nodeids": .ints([0, 1, 2]),
                        "nodes_featureids": .ints([Int64(tree), 0, 0]),
                        "nodes_values": .floats([0.5, 0, 0]),
                        "nodes_modes": .strings(["BRANCH_LEQ", "LEAF", "LEAF"]),
                        "nodes_truenodeids": .ints([1, 0, 0]),
                        "nodes_falsenodeids": .ints([2, 0, 0]),
                        "target_treeids": .ints([0, 0]), "target_nodeids": .ints([1, 2]),
                        "target_ids": .ints([0, 0]), "target_weights": .floats([1, 2]),
                        "n_targets": .int(1),
                    ]
                )
            )
            nodes.append(node("Cast", ["leaf\(tree)"], ["id\(tree)"], ["to": .int(7)], domain: ""))
            nodes.append(
                node(
                    "LabelEncoder",
                    ["id\(tree)"],
                    ["depth\(tree)"],
                    ["keys_int64s": .ints([1, 2]), "values_floats": .floats([10, 20])]
                )
            )
        }
        nodes.append(node("Sum", ["depth0", "depth1"], ["sum"], domain: ""))
        nodes.append(node("Exp", ["sum"], ["scores"], domain: ""))
        nodes.append(node("Neg", ["sum"], ["other"], domain: ""))
        let exponential = try ONNXModelLowering.lower(try model(nodes, outputs: ["scores"]))
        #expect(exponential.stages.map { type(of: $0).name } == ["trees", "graph"])
        let plain = try ONNXModelLowering.lower(try model(nodes, outputs: ["other"]))
        let scores = try PackedScores(plain, rows: [[0, 0], [1, 0], [1, 1], [.nan, 0]]).scores
        #expect(scores == [-20, -30, -40, -30])
    }
}
