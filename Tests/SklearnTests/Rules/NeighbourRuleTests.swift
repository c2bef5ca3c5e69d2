import Inference
import Sklearn
import Testing

@Suite("Neighbour models that cannot be read are named")
struct NeighbourRuleTests {
    private static let points = PickledValue.array([0, 0, 1, 1, 2, 2, 3, 3], shape: [4, 2])

    private static func neighbours(
        _ name: String,
        _ changes: [(String, PickledValue)]
    ) -> PickledValue {
        let names = Set(changes.map(\.0))
        let whole: [(String, PickledValue)] = [
            ("n_neighbors", .int(2)), ("weights", .text("uniform")), ("_fit_X", points),
            ("_y", .vector([0, 1, 1, 0])), ("classes_", .vector([3, 4])),
            ("effective_metric_", .text("euclidean")), ("effective_metric_params_", .dict([])),
            ("_fit_method", .text("brute")), ("_tree", .none), ("novelty", .bool(true)),
            ("_lrd", .vector([1, 1, 1, 1])), ("n_neighbors_", .int(2)),
            ("_distances_fit_X_", .array([1, 1, 1, 1, 1, 1, 1, 1], shape: [4, 2])),
            ("offset_", .float(-1.5)),
        ]
        return .estimator("neighbors._x", name, whole.filter { !names.contains($0.0) } + changes)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        var name: String
        var value: @Sendable () -> PickledValue
        var kind: SklearnError.Kind
        var words: [String]
        var testDescription: String { name }
    }

    static let refusals: [Refusal] = [
        Refusal(
            name: "no novelty",
            value: { neighbours("LocalOutlierFactor", [("novelty", .bool(false))]) },
            kind: .unsupported,
            words: ["novelty=True"]
        ),
        Refusal(
            name: "a distance",
            value: {
                neighbours("KNeighborsRegressor", [("effective_metric_", .text("haversine"))])
            },
            kind: .unsupported,
            words: ["haversine", "euclidean"]
        ),
        Refusal(
            name: "weights of columns",
            value: {
                neighbours(
                    "KNeighborsRegressor",
                    [
                        ("effective_metric_", .text("minkowski")),
                        ("effective_metric_params_", .dict([("w", .vector([1, 2]))])),
                    ]
                )
            },
            kind: .unsupported,
            words: ["(w)"]
        ),
        Refusal(
            name: "weights that are a function",
            value: {
                neighbours(
                    "KNeighborsRegressor",
                    [("weights", .global("sklearn.utils", "weights"))]
                )
            },
            kind: .unsupported,
            words: ["weights", "distance"]
        ),
        Refusal(
            name: "more neighbours than rows",
            value: { neighbours("KNeighborsRegressor", [("n_neighbors", .int(5))]) },
            kind: .malformed,
            words: ["n_neighbors", "4"]
        ),
        Refusal(
            name: "a class that does not exist",
            value: { neighbours("KNeighborsClassifier", [("_y", .vector([0, 1, 2, 0]))]) },
            kind: .malformed,
            words: ["_y"]
        ),
        Refusal(
            name: "several outputs",
            value: {
                neighbours(
                    "KNeighborsRegressor",
                    [("_y", .array([1, 2, 3, 4, 5, 6, 7, 8], shape: [4, 2]))]
                )
            },
            kind: .unsupported,
            words: ["several outputs"]
        ),
        Refusal(
            name: "a target too few",
            value: { neighbours("KNeighborsRegressor", [("_y", .vector([1, 2, 3]))]) },
            kind: .malformed,
            words: ["3 targets for 4"]
        ),
        Refusal(
            name: "densities of other rows",
            value: { neighbours("LocalOutlierFactor", [("_lrd", .vector([1, 2]))]) },
            kind: .malformed,
            words: ["2 densities"]
        ),
        Refusal(
            name: "a tree that is a text",
            value: {
                neighbours(
                    "LocalOutlierFactor",
                    [
                        ("_fit_method", .text("kd_tree")),
                        (
                            "_tree",
                            .stateful("sklearn.neighbors._kd_tree", "KDTree", .text("oak"))
                        ),
                    ]
                )
            },
            kind: .malformed,
            words: ["_tree"]
        ),
        Refusal(
            name: "a density without rows",
            value: {
                .estimator(
                    "neighbors._kde",
                    "KernelDensity",
                    [("kernel", .text("gaussian")), ("tree_", .none)]
                )
            },
            kind: .malformed,
            words: ["tree_"]
        ),
    ]

    @Test("The error names what is wrong", arguments: refusals)
    func refused(_ refusal: Refusal) throws {
        let file = refusal.value().file
        let error = #expect(throws: SklearnError.self) {
            try file.withUnsafeBytes { try SklearnDecoder.decode($0, name: "x.pkl") }
        }
        let message = try #require(error).message
        #expect(error?.kind == refusal.kind, "\(message)")
        for word in refusal.words { #expect(message.contains(word), "\(message)") }
    }

    @Test("A whole model is read", arguments: ["LocalOutlierFactor", "KNeighborsClassifier"])
    func whole(_ name: String) throws {
        let file = Self.neighbours(name, []).file
        let model = try file.withUnsafeBytes { try SklearnDecoder.decode($0, name: "x.pkl") }
        #expect(model.featureCount == 2)
        #expect(model.head.labels == (name == "KNeighborsClassifier" ? ["3.0", "4.0"] : []))
    }
}
