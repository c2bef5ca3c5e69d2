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
        Refused(message: "65 steps exceed the limit of 64") {
            $0.steps = Array(repeating: .standardize(center: [], scale: []), count: 65)
        },
        Refused(message: "step 1: center has 1 values where 2 belong") {
            $0.steps = [.standardize(center: [1], scale: [])]
        },
        Refused(message: "step 2: scale[1] is 0") {
            $0.steps = [
                .standardize(center: [], scale: []), .standardize(center: [], scale: [1, 0]),
            ]
        },
        Refused(message: "step 1: offset has 0 values where 2 belong") {
            $0.steps = [.rescale(scale: [1, 1], offset: [], clip: nil)]
        },
        Refused(message: "step 1: clip[1] is inf") {
            $0.steps = [.rescale(scale: [1, 1], offset: [0, 0], clip: 0 ... .infinity)]
        },
        Refused(message: "step 1: output count is -1, not within 1...100000") {
            $0.steps = [.project(mean: [], components: [], outputCount: -1, scale: [])]
        },
        Refused(message: "step 1: components has 3 values where 4 belong") {
            $0.steps = [.project(mean: [], components: [1, 2, 3], outputCount: 2, scale: [])]
        },
        Refused(message: "support vectors has 6 values where 9 belong") {
            $0.steps = [
                .project(
                    mean: [],
                    components: [1, 2, 3, 4, 5, 6],
                    outputCount: 3,
                    scale: []
                )
            ]
        },
        Refused(message: "support vectors[4] is nan") { $0.svm.supportVectors[4] = .nan },
        Refused(message: "dual coefficients[2] is -inf") {
            $0.svm.dualCoefficients[2] = -.infinity
        },
        Refused(message: "intercept is nan") { $0.svm.intercept = .nan },
        Refused(message: "coef0 is inf") { $0.svm.coef0 = .infinity },
        Refused(message: "nu is nan") { $0.svm.nu = .nan },
        Refused(message: "gamma is -1.0, below 0") { $0.svm.gamma = -1 },
        Refused(message: "degree is -1, not within 0...1000") { $0.svm.degree = -1 },
        Refused(message: "degree is 1001, not within 0...1000") { $0.svm.degree = 1001 },
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
        model.steps = [.standardize(center: [0, 0], scale: [1, 1])]
        let description = ModelDescription(of: model, byteCount: 448)
        #expect(description.type == "one_class_svm")
        #expect(description.kernel == "rbf")
        #expect(description.stepNames == ["standardize"])
        #expect(description.supportVectorCount == 3)
        #expect(description.featureNames == ["temperature", "vibration"])
        #expect(description.nu == 0.1 && description.trainingRowCount == 1000)
        #expect(description.byteCount == 448)
    }

    static func sample() -> ModelParameters {
        var random = SeededGenerator(seed: 2)
        return ModelSamples.random(.rbf, features: 2, vectors: 3, using: &random)
    }
}
