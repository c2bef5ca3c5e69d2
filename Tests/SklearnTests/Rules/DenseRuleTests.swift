import Inference
import Sklearn
import Testing

@Suite("Linear, density and network models that cannot be read are named")
struct DenseRuleTests {
    typealias Attributes = [(String, PickledValue)]

    struct Refusal: Sendable, CustomTestStringConvertible {
        var name: String
        var module: String
        var estimator: String
        var attributes: @Sendable () -> Attributes
        var kind: SklearnError.Kind
        var words: [String]
        var testDescription: String { name }
    }

    private static let two = PickledValue.array([1, 0, 0, 1], shape: [2, 2])

    static let refusals: [Refusal] = [
        Refusal(
            name: "unfitted",
            module: "linear_model",
            estimator: "Ridge",
            attributes: { [("alpha", .float(1))] },
            kind: .notFitted,
            words: ["Ridge", "coef_"]
        ),
        Refusal(
            name: "several targets",
            module: "linear_model",
            estimator: "LinearRegression",
            attributes: { [("coef_", two), ("intercept_", .vector([0, 0]))] },
            kind: .unsupported,
            words: ["LinearRegression", "2 values"]
        ),
        Refusal(
            name: "coefficients that are no numbers",
            module: "linear_model",
            estimator: "Lasso",
            attributes: { [("coef_", .vector([1, .nan])), ("intercept_", .float(0))] },
            kind: .malformed,
            words: ["coef_", "nan"]
        ),
        Refusal(
            name: "other classes",
            module: "linear_model",
            estimator: "LogisticRegression",
            attributes: {
                [
                    ("coef_", two), ("intercept_", .vector([0, 0])),
                    ("classes_", .vector([0, 1, 2])),
                ]
            },
            kind: .malformed,
            words: ["2 rows", "3 classes"]
        ),
        Refusal(
            name: "a link",
            module: "linear_model",
            estimator: "TweedieRegressor",
            attributes: {
                [("coef_", .vector([1])), ("intercept_", .float(0)), ("link", .text("logit"))]
            },
            kind: .unsupported,
            words: ["logit", "identity"]
        ),
        Refusal(
            name: "no precision",
            module: "covariance",
            estimator: "EllipticEnvelope",
            attributes: { [("location_", .vector([1, 2])), ("precision_", .none)] },
            kind: .unsupported,
            words: ["store_precision=True"]
        ),
        Refusal(
            name: "a precision of another size",
            module: "covariance",
            estimator: "EllipticEnvelope",
            attributes: {
                [
                    ("location_", .vector([1, 2, 3])), ("precision_", two),
                    ("offset_", .float(-1)),
                ]
            },
            kind: .malformed,
            words: ["precision_", "3 x 3"]
        ),
        Refusal(
            name: "a covariance",
            module: "mixture",
            estimator: "GaussianMixture",
            attributes: {
                [
                    ("means_", two), ("precisions_cholesky_", two), ("weights_", .vector([1, 1])),
                    ("covariance_type", .text("round")),
                ]
            },
            kind: .unsupported,
            words: ["round", "spherical"]
        ),
        Refusal(
            name: "factors of another shape",
            module: "mixture",
            estimator: "GaussianMixture",
            attributes: {
                [
                    ("means_", two), ("precisions_cholesky_", two), ("weights_", .vector([1, 1])),
                    ("covariance_type", .text("full")),
                ]
            },
            kind: .malformed,
            words: ["precisions_cholesky_", "2 x 2 x 2"]
        ),
        Refusal(
            name: "layers that do not follow",
            module: "neural_network",
            estimator: "MLPRegressor",
            attributes: {
                [
                    ("coefs_", .list([two, .array([1, 1, 1], shape: [3, 1])])),
                    ("intercepts_", .list([.vector([0, 0]), .vector([0])])),
                    ("activation", .text("relu")), ("out_activation_", .text("identity")),
                ]
            },
            kind: .malformed,
            words: ["3 columns", "2 reach"]
        ),
        Refusal(
            name: "several labels a row",
            module: "neural_network",
            estimator: "MLPClassifier",
            attributes: {
                [
                    ("coefs_", .list([two])), ("intercepts_", .list([.vector([0, 0])])),
                    ("activation", .text("relu")), ("out_activation_", .text("logistic")),
                    ("classes_", .vector([0, 1])),
                ]
            },
            kind: .unsupported,
            words: ["2 outputs", "logistic"]
        ),
        Refusal(
            name: "a table of another shape",
            module: "naive_bayes",
            estimator: "CategoricalNB",
            attributes: {
                [
                    ("feature_log_prob_", .list([.array([1, 1, 1], shape: [3, 1])])),
                    ("class_log_prior_", .vector([0, 0])), ("classes_", .vector([0, 1])),
                ]
            },
            kind: .malformed,
            words: ["table", "CategoricalNB"]
        ),
        Refusal(
            name: "votes without sizes",
            module: "svm._classes",
            estimator: "SVC",
            attributes: {
                [
                    ("kernel", .text("linear")), ("support_vectors_", two),
                    ("_dual_coef_", two), ("_intercept_", .vector([0, 0, 0])),
                    ("classes_", .vector([0, 1, 2])), ("_n_support", .vector([5, 1, -4])),
                ]
            },
            kind: .malformed,
            words: ["SVC", "each class"]
        ),
        Refusal(
            name: "a tree of clusters",
            module: "cluster",
            estimator: "BisectingKMeans",
            attributes: { [("cluster_centers_", two)] },
            kind: .unsupported,
            words: ["BisectingKMeans", "KMeans"]
        ),
    ]

    @Test("A model that cannot be read is refused with the reason", arguments: refusals)
    func refused(_ refusal: Refusal) throws {
        let value = PickledValue.estimator(refusal.module, refusal.estimator, refusal.attributes())
        let error = try #require(throws: SklearnError.self) {
            try value.file.withUnsafeBytes { try SklearnDecoder.decode($0, name: "m.pkl") }
        }
        #expect(error.kind == refusal.kind, "\(error)")
        for word in refusal.words { #expect(error.message.contains(word), "\(error)") }
    }

    @Test("A kernel map of an unknown kernel is refused with the kernels that are known")
    func kernelMap() throws {
        let map = PickledValue.estimator(
            "kernel_approximation",
            "Nystroem",
            [("components_", Self.two), ("normalization_", Self.two), ("kernel", .text("chi2"))]
        )
        let ridge = PickledValue.estimator(
            "linear_model",
            "Ridge",
            [("coef_", .vector([1, 1])), ("intercept_", .float(0))]
        )
        let steps = PickledValue.list([
            .tuple([.text("map"), map]), .tuple([.text("ridge"), ridge]),
        ])
        let file = PickledValue.estimator("pipeline", "Pipeline", [("steps", steps)]).file
        let error = try #require(throws: SklearnError.self) {
            try file.withUnsafeBytes { try SklearnDecoder.decode($0, name: "m.pkl") }
        }
        #expect(error.kind == .unsupported)
        for word in ["chi2", "rbf", "step 1"] { #expect(error.message.contains(word), "\(error)") }
    }

    @Test("Classes are texts, whole numbers without a fraction")
    func classes() throws {
        let attributes: Attributes = [
            ("coef_", .array([1, -1], shape: [1, 2])), ("intercept_", .vector([0.5])),
            ("classes_", .vector([-1, 2.5])),
        ]
        let value = PickledValue.estimator("svm", "LinearSVC", attributes)
        let model = try value.file.withUnsafeBytes { try SklearnDecoder.decode($0, name: "m.pkl") }
        #expect(model.type == "linear_svc")
        #expect(model.head.labels == ["-1", "2.5"])
        #expect(model.head.label == .positive(column: 0))
    }

    @Test("The threshold of old ellipses becomes an offset of the same sign rule")
    func oldEllipse() throws {
        let attributes: Attributes = [
            ("location_", .vector([0, 0])), ("precision_", Self.two), ("threshold_", .float(4)),
        ]
        let value = PickledValue.estimator(
            "covariance.outlier_detection",
            "EllipticEnvelope",
            attributes
        )
        let model = try value.file.withUnsafeBytes { try SklearnDecoder.decode($0, name: "m.pkl") }
        #expect(try ScalarReference.decision(of: [2, 0], model) == 0)
        #expect(model.head.anomaly == .below(0))
    }
}
