import Testing

@testable import Inference

/// One node of `ai.onnx.ml`, evaluated on tensors.
private func evaluate(
    _ name: String,
    version: Int = 1,
    _ inputs: [Tensor],
    _ attributes: [String: GraphAttribute] = [:]
) throws -> [Tensor] {
    let node = GraphNode(
        domain: "ai.onnx.ml",
        operatorName: name,
        version: version,
        attributes: attributes,
        inputs: Array(inputs.indices),
        outputs: [inputs.count]
    )
    let type = try #require(OperatorRegistry.find(domain: "ai.onnx.ml", name: name))
    let call = OperatorCall(node: node, inputs: inputs.map { .tensor($0) }, meter: WorkMeter())
    return try type.evaluate(call).compactMap {
        guard case .tensor(let tensor) = $0 else { return nil }
        return tensor
    }
}

private func row(_ values: Float...) throws -> Tensor {
    try Tensor(shape: [1, values.count], .float(values))
}

/// One split of feature 0 at 0.5 with the weights of its true and its false leaf.
private func stump(
    mode: String,
    weights: [Float],
    more: [String: GraphAttribute] = [:]
) -> [String: GraphAttribute] {
    let own: [String: GraphAttribute] = [
        "nodes_treeids": .ints([0, 0, 0]), "nodes_nodeids": .ints([0, 1, 2]),
        "nodes_featureids": .ints([0, 0, 0]), "nodes_values": .floats([0.5, 0, 0]),
        "nodes_modes": .strings([mode, "LEAF", "LEAF"]),
        "nodes_truenodeids": .ints([1, 0, 0]), "nodes_falsenodeids": .ints([2, 0, 0]),
        "target_treeids": .ints([0, 0]), "target_nodeids": .ints([1, 2]),
        "target_ids": .ints([0, 0]), "target_weights": .floats(weights),
        "n_targets": .int(1),
    ]
    return own.merging(more) { _, new in new }
}

@Suite("operators of ai.onnx.ml where programs disagree")
struct MLOperatorTests {
    @Test("all fifteen operators, TreeEnsemble and CategoryMapper are registered")
    func registered() {
        let names = OperatorRegistry.names.filter { $0.hasPrefix("ai.onnx.ml.") }
        #expect(names.count == 17)
    }

    @Test("a one-class machine of exactly 0 is -1, as is one of NaN")
    func oneClassZero() throws {
        let attributes: [String: GraphAttribute] = [
            "coefficients": .floats([1]), "rho": .floats([-1]), "one_class": .int(1),
        ]
        #expect(try evaluate("SVMRegressor", [row(1)], attributes)[0].floats() == [-1])
        #expect(try evaluate("SVMRegressor", [row(1.5)], attributes)[0].floats() == [1])
        #expect(try evaluate("SVMRegressor", [row(.nan)], attributes)[0].floats() == [-1])
    }

    @Test("NaN goes to the false branch of every mode unless the node says otherwise")
    func missing() throws {
        for mode in ["LEQ", "LT", "GTE", "GT", "EQ", "NEQ"] {
            let plain = stump(mode: "BRANCH_" + mode, weights: [1, 2])
            #expect(try evaluate("TreeEnsembleRegressor", [row(.nan)], plain)[0].floats() == [2])
            let tracking = stump(
                mode: "BRANCH_" + mode,
                weights: [1, 2],
                more: ["nodes_missing_value_tracks_true": .ints([1, 0, 0])]
            )
            #expect(try evaluate("TreeEnsembleRegressor", [row(.nan)], tracking)[0].floats() == [1])
        }
    }

    @Test("the average comes before the base value, and a post transform is applied")
    func transforms() throws {
        let logistic = stump(
            mode: "BRANCH_LEQ",
            weights: [-1, 3],
            more: ["post_transform": .string("LOGISTIC"), "base_values": .floats([1])]
        )
        #expect(try evaluate("TreeEnsembleRegressor", [row(0)], logistic)[0].floats() == [0.5])
    }

    @Test("a target that no leaf votes for has its base value")
    func noVote() throws {
        for aggregate in ["SUM", "AVERAGE", "MIN", "MAX"] {
            let attributes = stump(
                mode: "BRANCH_LEQ",
                weights: [1, 2],
                more: [
                    "n_targets": .int(2), "aggregate_function": .string(aggregate),
                    "base_values": .floats([10, 20]),
                ]
            )
            let result = try evaluate("TreeEnsembleRegressor", [row(0)], attributes)[0]
            #expect(try result.floats() == [11, 20], "\(aggregate)")
        }
    }

    @Test("a tree with a loop, a shared or a missing node is refused")
    func brokenTrees() {
        for (key, value) in [
            ("nodes_truenodeids", GraphAttribute.ints([0, 0, 0])),
            ("nodes_falsenodeids", .ints([1, 0, 0])), ("nodes_falsenodeids", .ints([7, 0, 0])),
            ("nodes_featureids", .ints([-1, 0, 0])), ("nodes_featureids", .ints([9, 0, 0])),
            ("nodes_featureids", .ints([1 << 40, 0, 0])), ("target_ids", .ints([0, 5])),
            ("n_targets", .int(1 << 40)), ("nodes_modes", .strings(["LEAF"])),
            ("base_values", .floats([1, 2, 3])),
        ] {
            #expect(throws: GraphError.self, "\(key)") {
                _ = try evaluate(
                    "TreeEnsembleRegressor",
                    [row(0)],
                    stump(mode: "BRANCH_LEQ", weights: [1, 2], more: [key: value])
                )
            }
        }
    }

    @Test("the largest magnitude is the norm MAX, and a row of zeros stays")
    func normalizer() throws {
        let max: [String: GraphAttribute] = ["norm": .string("MAX")]
        #expect(try evaluate("Normalizer", [row(-5, -1)], max)[0].floats() == [-1, -0.2])
        #expect(try evaluate("Normalizer", [row(0, 0)], max)[0].floats() == [0, 0])
    }

    @Test("version 2 of LabelEncoder finds a NaN key by its bits, version 4 any NaN")
    func missingKey() throws {
        let attributes: [String: GraphAttribute] = [
            "keys_floats": .floats([.nan, 1]), "values_int64s": .ints([7, 8]),
        ]
        let input = try row(.nan, 1, 2)
        for version in [2, 4] {
            let result = try evaluate("LabelEncoder", version: version, [input], attributes)[0]
            #expect(try result.integers() == [7, 8, -1])
        }
    }

    @Test("an unknown category is an error unless zeros allows it")
    func unknownCategory() throws {
        let input = try Tensor(shape: [2], .int64([1, 9]))
        let categories: [String: GraphAttribute] = ["cats_int64s": .ints([1, 2])]
        let result = try evaluate("OneHotEncoder", [input], categories)[0]
        #expect(result.shape == [2, 2])
        #expect(try result.floats() == [1, 0, 0, 0])
        #expect(throws: GraphError.self) {
            _ = try evaluate(
                "OneHotEncoder",
                [input],
                categories.merging(["zeros": .int(0)]) { _, new in new }
            )
        }
    }

    @Test("attributes of another kind or length are errors")
    func wrongAttributes() {
        let wrong: [(String, [String: GraphAttribute])] = [
            ("Scaler", ["offset": .floats([1, 2, 3])]), ("Scaler", ["offset": .int(1)]),
            ("Imputer", [:]), ("Imputer", ["imputed_value_floats": .floats([1, 2, 3])]),
            ("Normalizer", ["norm": .string("L7")]),
            ("LinearRegressor", ["coefficients": .floats([1, 2, 3])]),
            ("LinearRegressor", ["coefficients": .floats([1, 2]), "targets": .int(-1)]),
            ("LinearClassifier", [:]),
            ("SVMRegressor", ["n_supports": .int(-1)]),
            ("SVMRegressor", ["n_supports": .int(.max)]),
            ("SVMClassifier", ["vectors_per_class": .ints([.max, .max])]),
            ("SVMClassifier", ["vectors_per_class": .ints([-1])]),
            ("LabelEncoder", ["keys_int64s": .ints([1])]),
            ("OneHotEncoder", [:]), ("ZipMap", [:]), ("TreeEnsembleClassifier", [:]),
        ]
        for (name, attributes) in wrong {
            #expect(throws: GraphError.self, "\(name) \(attributes)") {
                let version = name == "LabelEncoder" ? 2 : 1
                _ = try evaluate(name, version: version, [row(1, 2)], attributes)
            }
        }
    }

    @Test("texts where numbers belong are an error of every numeric operator")
    func texts() throws {
        let input = Tensor(.string(["a"]))
        for name in [
            "Scaler", "Normalizer", "Binarizer", "Imputer", "SVMRegressor", "SVMClassifier",
            "LinearRegressor", "LinearClassifier", "TreeEnsembleRegressor", "FeatureVectorizer",
        ] {
            #expect(throws: GraphError.self, "\(name)") {
                _ = try evaluate(name, [input], ["imputed_value_floats": .floats([1])])
            }
        }
    }
}
