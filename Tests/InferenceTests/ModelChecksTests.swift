import Inference
import Testing

@Suite("Model checks")
struct ModelChecksTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let name: String
        let model: ModelParameters
        let codes: [String]

        var testDescription: String { name }
    }

    static let examples: [Example] = [
        Example(
            name: "a healthy machine",
            model: ModelSamples.rbf(
                vectors: [-1, 0, 1],
                coefficients: [1, 0.5, 1],
                intercept: -1,
                nu: 0.1,
                rows: 100
            ),
            codes: []
        ),
        Example(
            name: "one support vector that scores 0 at best",
            model: ModelSamples.rbf(vectors: [3], coefficients: [0.5], intercept: -0.5),
            codes: ["never_positive", "few_support_vectors"]
        ),
        Example(
            name: "no support vectors",
            model: ModelSamples.rbf(vectors: [], coefficients: [], intercept: 0),
            codes: ["never_positive", "few_support_vectors"]
        ),
        Example(
            name: "two far support vectors whose sum is never reached",
            model: ModelSamples.rbf(
                vectors: [-50, 50],
                coefficients: [0.5, 0.5],
                intercept: -0.5
            ),
            codes: ["never_positive", "few_support_vectors"]
        ),
        Example(
            name: "two near support vectors, positive between them only",
            model: ModelSamples.rbf(
                vectors: [-0.5, 0.5],
                coefficients: [0.5, 0.5],
                intercept: -0.7,
                nu: 0.2,
                rows: 10
            ),
            codes: ["few_support_vectors"]
        ),
        Example(
            name: "three spread support vectors below their intercept",
            model: ModelSamples.rbf(
                vectors: [0, 20, 40],
                coefficients: [1, 1, 1],
                intercept: -1.5
            ),
            codes: ["never_positive"]
        ),
        Example(
            name: "one high cluster among many low support vectors",
            model: ModelSamples.rbf(
                vectors: (0..<400).map { Double($0) * 20 } + [1000.1, 1000.2],
                coefficients: Array(repeating: 1, count: 402),
                intercept: -2.5
            ),
            codes: []
        ),
        Example(
            name: "gamma 0",
            model: ModelSamples.rbf(
                vectors: [1, 2, 3],
                coefficients: [1, 1, 1],
                intercept: -3,
                gamma: 0
            ),
            codes: ["never_positive"]
        ),
        Example(
            name: "mixed signs, bounded below 0",
            model: ModelSamples.rbf(
                vectors: [1, 2, 3],
                coefficients: [1, -5, 1],
                intercept: -2.5
            ),
            codes: ["never_positive"]
        ),
        Example(
            name: "mixed signs, unknown",
            model: ModelSamples.rbf(
                vectors: [1, 2, 3],
                coefficients: [1, -5, 1],
                intercept: -1.5
            ),
            codes: []
        ),
        Example(
            name: "a linear machine whose weights cancel",
            model: kernel(.linear, vectors: [1, 2, -3], intercept: -0.1),
            codes: ["never_positive"]
        ),
        Example(
            name: "a linear machine",
            model: kernel(.linear, vectors: [1, 2, 3], intercept: -9),
            codes: []
        ),
        Example(
            name: "a sigmoid machine out of reach",
            model: kernel(.sigmoid, vectors: [1, 2, 3], intercept: -3),
            codes: ["never_positive"]
        ),
        Example(
            name: "a polynomial machine",
            model: kernel(.polynomial, vectors: [1, 2, 3], intercept: -9),
            codes: []
        ),
        Example(
            name: "nu times rows below 1",
            model: ModelSamples.rbf(
                vectors: [-1, 0, 1],
                coefficients: [1, 0.5, 1],
                intercept: -1,
                nu: 0.003,
                rows: 100
            ),
            codes: ["nu_below_one_row"]
        ),
        Example(
            name: "sizes that do not fit",
            model: ModelSamples.rbf(
                vectors: [1, 2, 3, 4],
                coefficients: [1, 1, 1],
                intercept: -1
            ),
            codes: []
        ),
    ]

    @Test("Degenerate machines are named", arguments: examples)
    func degeneracy(_ example: Example) {
        #expect(ModelChecks.degeneracy(of: example.model).map(\.code) == example.codes)
    }

    @Test("Messages are short and carry the numbers")
    func messages() {
        let model = ModelSamples.rbf(
            vectors: [1, 1],
            coefficients: [0.1, 0.2],
            intercept: -0.3,
            nu: 0.001,
            rows: 300
        )
        #expect(
            ModelChecks.degeneracy(of: model) == [
                ModelFinding(.error, code: "never_positive", "its decision is never positive"),
                ModelFinding(.warning, code: "few_support_vectors", "only 2 support vectors"),
                ModelFinding(
                    .warning,
                    code: "nu_below_one_row",
                    "nu x n = 0.30 is below 1"
                ),
            ]
        )
    }

    @Test("A model that flags 95 % of its rows is an error")
    func flags() {
        #expect(
            ModelChecks.observed(flagged: 1140, rows: 1185, anyPositive: true) == [
                ModelFinding(
                    .error,
                    code: "flags_most_rows",
                    "flags 96.2 % of its rows (1,140 of 1,185)"
                )
            ]
        )
        #expect(ModelChecks.observed(flagged: 19, rows: 20, anyPositive: true).count == 1)
        #expect(ModelChecks.observed(flagged: 18, rows: 20, anyPositive: true).isEmpty)
        #expect(
            ModelChecks.observed(flagged: 99_999, rows: 100_000, anyPositive: true)
                .first?.message == "flags 99.9 % of its rows (99,999 of 100,000)"
        )
        #expect(
            ModelChecks.observed(flagged: 3, rows: 3, anyPositive: false).first?.message
                == "flags 100.0 % of its rows (3 of 3)"
        )
    }

    @Test("A model without one positive decision is an error, without rows there is no finding")
    func noNormalRow() {
        #expect(
            ModelChecks.observed(flagged: 900, rows: 1185, anyPositive: false) == [
                ModelFinding(
                    .error,
                    code: "no_normal_row",
                    "its decision is positive on none of its 1,185 rows"
                )
            ]
        )
        #expect(ModelChecks.observed(flagged: 0, rows: 0, anyPositive: false).isEmpty)
    }

    private static func kernel(
        _ kernel: SVMKernel,
        vectors: [Double],
        intercept: Double
    ) -> ModelParameters {
        var model = ModelSamples.rbf(
            vectors: vectors,
            coefficients: [1, 1, 1],
            intercept: intercept
        )
        model.svm.kernel = kernel
        return model
    }
}
