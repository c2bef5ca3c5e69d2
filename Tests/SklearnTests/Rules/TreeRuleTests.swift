import Inference
import Sklearn
import Testing

@Suite("Trees of old files and files that do not fit")
struct TreeRuleTests {
    private func decode(_ pickle: TreePickle) throws -> ModelParameters {
        try pickle.file.withUnsafeBytes { try SklearnDecoder.decode($0, name: "m.pkl") }
    }

    private func message(_ pickle: TreePickle) -> String {
        do {
            _ = try decode(pickle)
            return "decoded"
        } catch let error as SklearnError {
            return error.message
        } catch {
            return "another error: \(error)"
        }
    }

    private func outputs(_ model: ModelParameters, _ row: [Double]) -> [Double] {
        model.stages.reduce(row) { $1.reference($0) }
    }

    private func ensemble(
        _ name: String,
        _ module: String,
        _ attributes: [(String, TreePickle)],
        version: String = "0.19.2"
    ) -> TreePickle {
        .object(module, name, [], attributes + [("_sklearn_version", .text(version))])
    }

    @Test("A tree of scikit-learn 0.19 is read")
    func oldTree() throws {
        let model = try decode(TreeSamples.tree())
        #expect(model.type == "decision_tree_regressor")
        #expect(model.featureCount == 2)
        #expect(outputs(model, [0, 0.5]) == [10])
        #expect(outputs(model, [0, 0.6]) == [20])
        #expect(!model.stages[0].acceptsMissing)
    }

    @Test("Classes of an old classifier are counted, not shared")
    func oldClassifier() throws {
        let model = try decode(
            TreeSamples.tree(
                "DecisionTreeClassifier",
                values: [4, 4, 3, 1, 1, 3],
                more: [("classes_", .doubles([0, 1], shape: [2]))]
            )
        )
        #expect(model.head.labels == ["0.0", "1.0"])
        #expect(outputs(model, [0, 0]) == [0.25, 3, 1])
        #expect(outputs(model, [0, 1]) == [0.75, 1, 3])
    }

    @Test("Isolation forests of 0.19 and 0.20 keep their own threshold")
    func oldIsolationForest() throws {
        let trees = TreePickle.list([
            TreeSamples.tree("ExtraTreeRegressor", samples: [4, 1, 3]),
            TreeSamples.tree("ExtraTreeRegressor", samples: [4, 2, 2]),
        ])
        var attributes: [(String, TreePickle)] = [
            ("estimators_", trees), ("n_features_", .int(2)), ("_max_features", .int(2)),
            ("max_samples_", .int(4)), ("threshold_", .double(-0.125)),
        ]
        let old = try decode(
            ensemble("IsolationForest", "sklearn.ensemble.iforest", attributes)
        )
        #expect(old.head.anomaly == .notAbove(-0.125))
        // Paths of 1 and of 1 + c(2) = 2 nodes; c(4) = 2 (ln 3 + Euler's gamma) - 1.5.
        let decision = try #require(outputs(old, [0, 0]).first)
        #expect((decision - (-0.07034797066710186)).magnitude < 1e-12)
        attributes += [("offset_", .double(-0.5)), ("_threshold_", .double(0.0625))]
        let next = try decode(
            ensemble("IsolationForest", "sklearn.ensemble.iforest", attributes, version: "0.20.4")
        )
        #expect(next.head.anomaly == .below(0.0625))
        let now = try decode(
            ensemble("IsolationForest", "sklearn.ensemble._iforest", attributes, version: "1.6.1")
        )
        #expect(now.head.anomaly == .below(0))
        #expect(now.stages[0].acceptsMissing)
    }

    @Test("Isolation forests ask for the columns their trees were given")
    func columnChoice() throws {
        let model = try decode(
            ensemble(
                "IsolationForest",
                "sklearn.ensemble._iforest",
                [
                    ("estimators_", .list([TreeSamples.tree(samples: [4, 1, 3])])),
                    ("estimators_features_", .list([.doubles([4, 2], shape: [2])])),
                    ("n_features_in_", .int(5)), ("_max_features", .int(2)),
                    ("_max_samples", .int(4)), ("offset_", .double(-0.5)),
                ],
                version: "1.3.0"
            )
        )
        #expect(model.featureCount == 5)
        // The tree's column 1 is the model's column 2.
        #expect(outputs(model, [9, 9, 0, 9, 9]) != outputs(model, [9, 9, 1, 9, 9]))
        #expect(outputs(model, [0, 0, 0, 0, 0]) == outputs(model, [9, 9, 0, 9, 9]))
    }

    @Test(
        "Gradient boosting starts as old versions did",
        arguments: [
            ("MeanEstimator", "mean", 3.0), ("QuantileEstimator", "quantile", -1.5),
            ("ZeroEstimator", "n_classes", 0.0),
        ]
    )
    func oldStart(name: String, attribute: String, value: Double) throws {
        let module = "sklearn.ensemble.gradient_boosting"
        let model = try decode(
            boosting(
                init: .object(module, name, [], [(attribute, .double(value))]),
                loss: "LeastSquaresError"
            )
        )
        #expect(outputs(model, [0, 0]) == [value + 0.1 * 10])
    }

    private func boosting(
        init start: TreePickle,
        loss: String,
        trees: TreePickle? = nil
    ) -> TreePickle {
        ensemble(
            "GradientBoostingRegressor",
            "sklearn.ensemble.gradient_boosting",
            [
                ("estimators_", trees ?? .objects([TreeSamples.tree()], shape: [1, 1])),
                ("init_", start), ("learning_rate", .double(0.1)),
                ("loss_", .object("sklearn.ensemble.gradient_boosting", loss, [], [])),
            ]
        )
    }

    @Test("Trees that do not fit are refused and named")
    func refusedTrees() {
        let cases: [(TreePickle, String)] = [
            (TreeSamples.tree(outputs: 2), "predicts 2.0 outputs at once"),
            (TreeSamples.tree(right: [0, -1, -1]), "a node's child is 0 of 3 nodes"),
            (
                TreeSamples.tree(left: [1, 1, -1], right: [2, 2, -1], feature: [1, 1, -2]),
                "one has two parents"
            ),
            (TreeSamples.tree(left: [1e30, -1, -1]), "node 0 of Tree"),
            (TreeSamples.tree(feature: [2, 0, 0]), "node 0 of Tree"),
            (TreeSamples.tree(threshold: [.nan, 0, 0]), "node 0 of Tree"),
            (TreeSamples.tree(features: 0), "was not made from its sizes"),
            (TreeSamples.tree(values: [1, 2, 3, 4, 5, 6]), "has 2 values a leaf"),
            (
                .object("sklearn.tree.tree", "DecisionTreeRegressor", [], [("max_depth", .none)]),
                "DecisionTreeRegressor is not fitted (it has no tree_)"
            ),
        ]
        for (pickle, text) in cases {
            #expect(message(pickle).contains(text), "\(message(pickle))")
        }
    }

    @Test("Ensembles that do not fit are refused and named")
    func refusedEnsembles() {
        let svm = TreePickle.object("sklearn.svm.classes", "SVR", [], [])
        #expect(
            message(boosting(init: svm, loss: "LeastSquaresError"))
                .contains("starts from a SVR, which is not supported; supported are the default")
        )
        #expect(
            message(boosting(init: .text("zero"), loss: "MyLoss"))
                .contains("has the loss MyLoss, which is not supported")
        )
        #expect(
            message(boosting(init: .text("zero"), loss: "BinomialDeviance"))
                .contains("has the loss BinomialDeviance")
        )
        let narrow = TreeSamples.tree(features: 3)
        #expect(
            message(
                boosting(
                    init: .text("zero"),
                    loss: "LeastSquaresError",
                    trees: .objects([TreeSamples.tree(), narrow], shape: [2, 1])
                )
            ).contains("takes 3 columns, but 2 reach it")
        )
        #expect(
            message(
                ensemble(
                    "RandomForestClassifier",
                    "sklearn.ensemble.forest",
                    [
                        ("estimators_", .list([TreeSamples.tree("DecisionTreeClassifier")])),
                        ("classes_", .doubles([1, 2, 3], shape: [3])),
                    ]
                )
            ).contains("has 1 values a leaf where 3 belong")
        )
        #expect(
            message(
                ensemble("IsolationForest", "sklearn.ensemble.iforest", [("estimators_", .none)])
            ).contains("has no trees")
        )
    }
}
