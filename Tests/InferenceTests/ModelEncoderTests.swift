import Inference
import Testing

@Suite("Encoding models")
struct ModelEncoderTests {
    struct Refused: Sendable, CustomTestStringConvertible {
        let message: String
        let change: @Sendable (inout ModelParameters) -> Void

        var testDescription: String { message }
    }

    static let refused: [Refused] = [
        Refused(message: "feature count is 0, not within 1...100000") { $0.featureCount = 0 },
        Refused(message: "feature count is 100001, not within 1...100000") {
            $0.featureCount = 100_001
        },
        Refused(message: "1 feature names for 2 features") { $0.featureNames = ["a"] },
        Refused(message: "66 stages are not within 1...64") {
            $0.steps = Array(repeating: Standardize(center: [], scale: []), count: 65)
        },
        Refused(message: "stage 1 (standardize): center has 1 values where 2 belong") {
            $0.steps = [Standardize(center: [1], scale: [])]
        },
        Refused(message: "stage 2 (standardize): scale[1] is 0") {
            $0.steps = [
                Standardize(center: [], scale: []), Standardize(center: [], scale: [1, 0]),
            ]
        },
        Refused(message: "stage 1 (rescale): offset has 0 values where 2 belong") {
            $0.steps = [Rescale(scale: [1, 1], offset: [], clip: nil)]
        },
        Refused(message: "stage 1 (rescale): clip[1] is inf") {
            $0.steps = [Rescale(scale: [1, 1], offset: [0, 0], clip: 0 ... .infinity)]
        },
        Refused(message: "stage 1 (project): output count is -1, not within 1...100000") {
            $0.steps = [Project(mean: [], components: [], outputCount: -1, scale: [])]
        },
        Refused(message: "stage 1 (project): components has 3 values where 4 belong") {
            $0.steps = [Project(mean: [], components: [1, 2, 3], outputCount: 2, scale: [])]
        },
        Refused(
            message: "stage 2 (support_vectors): support vectors has 6 values where 9 belong"
        ) {
            $0.steps = [
                Project(
                    mean: [],
                    components: [1, 2, 3, 4, 5, 6],
                    outputCount: 3,
                    scale: []
                )
            ]
        },
        Refused(message: "stage 1 (support_vectors): support vectors[4] is nan") {
            $0.svm.supportVectors[4] = .nan
        },
        Refused(message: "stage 1 (support_vectors): dual coefficients[2] is -inf") {
            $0.svm.dualCoefficients[2] = -.infinity
        },
        Refused(message: "stage 1 (support_vectors): intercept is nan") { $0.svm.intercept = .nan },
        Refused(message: "stage 1 (support_vectors): coef0 is inf") { $0.svm.coef0 = .infinity },
        Refused(message: "stage 1 (support_vectors): nu is nan") { $0.svm.nu = .nan },
        Refused(message: "stage 1 (support_vectors): gamma is -1.0, below 0") { $0.svm.gamma = -1 },
        Refused(message: "stage 1 (support_vectors): degree is -1, not within 0...1000") {
            $0.svm.degree = -1
        },
        Refused(message: "stage 1 (support_vectors): degree is 1001, not within 0...1000") {
            $0.svm.degree = 1001
        },
    ]

    @Test("Parameters that do not fit are refused by name", arguments: refused)
    func refuses(_ example: Refused) throws {
        var model = Self.sample()
        _ = try ModelEncoder.encode(model)
        example.change(&model)
        let error = #expect(throws: InferenceError.self) { try ModelEncoder.encode(model) }
        #expect(error == InferenceError(.invalidModel, example.message))
    }

    @Test("Equal numbers give equal bytes, whatever the names")
    func deterministic() throws {
        var model = Self.sample()
        let block = try ModelEncoder.encode(model)
        model.source = "elsewhere"
        model.featureNames = ["a", "b"]
        #expect(try ModelEncoder.encode(model) == block)
        #expect(block.count.isMultiple(of: 64))
        model.svm.intercept = model.svm.intercept.nextUp
        #expect(try ModelEncoder.encode(model) != block)
    }

    @Test("A description says what the model is")
    func describes() throws {
        var model = Self.sample()
        model.featureNames = ["temperature", "vibration"]
        model.steps = [Standardize(center: [0, 0], scale: [1, 1])]
        let description = ModelDescription(of: model, byteCount: 448)
        #expect(description.type == "one_class_svm")
        #expect(description.stageNames == ["standardize", "support_vectors"])
        #expect(description.featureNames == ["temperature", "vibration"])
        #expect(
            description.facts == [ModelFact("nu", "0.1"), ModelFact("training_rows", "1000")]
        )
        #expect(description.byteCount == 448)
        try ModelEncoder.encode(model).withUnsafeBytes { bytes in
            let full = try description.describing(ModelView(validating: bytes))
            #expect(full.facts.contains(ModelFact("kernel", "rbf")))
            #expect(full.facts.contains(ModelFact("support_vectors", "3")))
            #expect(full.parameters.first == ModelFact("type", "one_class_svm"))
            #expect(full.parameters.contains(ModelFact("steps", "standardize")))
        }
    }

    static func sample() -> ModelParameters {
        var random = SeededGenerator(seed: 2)
        return ModelSamples.random(.rbf, features: 2, vectors: 3, using: &random)
    }
}
