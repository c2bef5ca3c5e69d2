import Inference
import Sklearn
import Testing

@Suite("Transformers that cannot be read are named")
struct TransformerRuleTests {
    struct Refusal: Sendable, CustomTestStringConvertible {
        var name: String
        var step: @Sendable () -> PickledValue
        var kind: SklearnError.Kind
        /// What the message has to say.
        var words: [String]
        var testDescription: String { name }
    }

    private static func columns(
        _ transformer: PickledValue,
        _ columns: PickledValue,
        _ more: [(String, PickledValue)] = []
    ) -> PickledValue {
        .estimator(
            "compose._column_transformer",
            "ColumnTransformer",
            [
                ("transformers_", .list([.tuple([.text("a"), transformer, columns])])),
                ("n_features_in_", .int(3)),
            ] + more
        )
    }

    private static func preprocessing(
        _ name: String,
        _ attributes: [(String, PickledValue)]
    ) -> PickledValue {
        .estimator("preprocessing._data", name, attributes)
    }

    private static func function(_ attributes: [(String, PickledValue)]) -> PickledValue {
        .estimator("preprocessing._function_transformer", "FunctionTransformer", attributes)
    }

    static let refusals: [Refusal] = [
        Refusal(
            name: "a function that is not numpy's",
            step: { function([("func", .global("os", "system"))]) },
            kind: .refusedGlobal("os.system"),
            words: ["os.system"]
        ),
        Refusal(
            name: "a function of numpy's that is not on the list",
            step: { function([("func", .global("numpy", "load"))]) },
            kind: .refusedGlobal("numpy.load"),
            words: ["numpy.load"]
        ),
        Refusal(
            name: "a function of scikit-learn's",
            step: { function([("func", .global("sklearn.preprocessing._data", "scale"))]) },
            kind: .unsupported,
            words: ["scale", "log1p", "step 1"]
        ),
        Refusal(
            name: "arguments of a function",
            step: {
                function([
                    ("func", .global("numpy", "log1p")), ("kw_args", .dict([("out", .none)])),
                ])
            },
            kind: .unsupported,
            words: ["kw_args"]
        ),
        Refusal(
            name: "a norm",
            step: { preprocessing("Normalizer", [("norm", .text("l3"))]) },
            kind: .unsupported,
            words: ["norm \"l3\"", "l1, l2, max"]
        ),
        Refusal(
            name: "an imputer of rows",
            step: { preprocessing("Imputer", [("axis", .int(1))]) },
            kind: .unsupported,
            words: ["axis=1"]
        ),
        Refusal(
            name: "an imputer of texts",
            step: {
                .estimator(
                    "impute._base",
                    "SimpleImputer",
                    [("statistics_", .vector([1, 2])), ("missing_values", .text("x"))]
                )
            },
            kind: .unsupported,
            words: ["missing_values"]
        ),
        Refusal(
            name: "an imputer before fit",
            step: { .estimator("impute._base", "SimpleImputer", []) },
            kind: .notFitted,
            words: ["SimpleImputer", "fit"]
        ),
        Refusal(
            name: "a degree that contradicts the columns",
            step: {
                .estimator(
                    "preprocessing._polynomial",
                    "PolynomialFeatures",
                    [
                        ("degree", .int(2)), ("n_features_in_", .int(3)),
                        ("n_output_features_", .int(11)),
                    ]
                )
            },
            kind: .malformed,
            words: ["11", "10"]
        ),
        Refusal(
            name: "an enormous degree",
            step: {
                .estimator(
                    "preprocessing._polynomial",
                    "PolynomialFeatures",
                    [
                        ("degree", .int(900)), ("n_features_in_", .int(3)),
                        ("n_output_features_", .int(11)),
                    ]
                )
            },
            kind: .limit,
            words: ["PolynomialFeatures"]
        ),
        Refusal(
            name: "quantiles without references",
            step: {
                preprocessing(
                    "QuantileTransformer",
                    [
                        ("quantiles_", .array([1, 2, 3, 4], shape: [2, 2])),
                        ("references_", .vector([0, 0.5, 1])),
                    ]
                )
            },
            kind: .malformed,
            words: ["2 quantiles for 3 references"]
        ),
        Refusal(
            name: "edges of bins",
            step: {
                .estimator(
                    "preprocessing._discretization",
                    "KBinsDiscretizer",
                    [
                        ("bin_edges_", .list([.vector([1]), .vector([1, 2])])),
                        ("encode", .text("ordinal")),
                    ]
                )
            },
            kind: .malformed,
            words: ["bin_edges_[0]"]
        ),
        Refusal(
            name: "a column that does not exist",
            step: { columns(.text("passthrough"), .list([.int(0), .int(3)])) },
            kind: .malformed,
            words: ["column 3 of 3"]
        ),
        Refusal(
            name: "a column of another name",
            step: { columns(.text("passthrough"), .list([.text("flow")])) },
            kind: .malformed,
            words: ["flow", "feature_names_in_"]
        ),
        Refusal(
            name: "columns that are a function",
            step: {
                columns(.text("passthrough"), .object("sklearn.compose", "make_selector", []))
            },
            kind: .unsupported,
            words: ["slice or a mask"]
        ),
        Refusal(
            name: "a transformer that is not supported",
            step: { columns(.estimator("preprocessing._encoders", "OneHotEncoder", []), .int(0)) },
            kind: .unsupported,
            words: ["OneHotEncoder", "step 1", "StandardScaler"]
        ),
        Refusal(
            name: "nothing left",
            step: { columns(.text("drop"), .slice(.int(0), .none)) },
            kind: .malformed,
            words: ["ColumnTransformer at step 1", "keeps no column"]
        ),
        Refusal(
            name: "columns that hold themselves",
            step: {
                .named(
                    1,
                    columns(.text("passthrough"), .int(0), [("again", .again(1))])
                )
            },
            kind: .malformed,
            words: []
        ),
        Refusal(
            name: "one transformer sixty times in each other",
            step: { nested(levels: 7) },
            kind: .limit,
            words: ["ColumnTransformer"]
        ),
    ]

    /// Each level has the one below it sixty times.
    private static func nested(levels: Int) -> PickledValue {
        var inner = PickledValue.text("passthrough")
        for level in 0..<levels {
            let first = PickledValue.tuple([
                .text("0"), .named(level, inner), .slice(.int(0), .none),
            ])
            let others = (1..<60).map { index in
                PickledValue.tuple([.text("\(index)"), .again(level), .slice(.int(0), .int(1))])
            }
            inner = .estimator(
                "compose._column_transformer",
                "ColumnTransformer",
                [("transformers_", .list([first] + others)), ("n_features_in_", .int(1))]
            )
        }
        return inner
    }

    @Test("The error names what is wrong and where", arguments: refusals)
    func refused(_ refusal: Refusal) throws {
        let end = PickledValue.estimator("svm._classes", "OneClassSVM", [])
        let pipeline = PickledValue.estimator(
            "pipeline",
            "Pipeline",
            [
                (
                    "steps",
                    .list([
                        .tuple([.text("first"), refusal.step()]), .tuple([.text("last"), end]),
                    ])
                )
            ]
        )
        let error = #expect(throws: SklearnError.self) {
            try pipeline.file.withUnsafeBytes { try SklearnDecoder.decode($0, name: "x.pkl") }
        }
        let message = try #require(error).message
        if refusal.words.isEmpty { return }
        #expect(error?.kind == refusal.kind, "\(message)")
        for word in refusal.words { #expect(message.contains(word), "\(message)") }
        #expect(!message.contains("\n"))
    }
}
