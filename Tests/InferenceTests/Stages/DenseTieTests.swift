import Inference
import Testing

@Suite("Ties and exact zeros of dense stages")
struct DenseTieTests {
    @Test("The first of equal classes is chosen", arguments: LinkRule.allCases)
    func first(_ rule: LinkRule) throws {
        guard rule != .half else { return }
        let rows = [[1.0, 1.0], [2.0, 2.0], [0.0, 1.0]]
        let labels = try StageRun.outputs(LinkChoice(rule), rows).map { $0?[1] }
        #expect(labels == [0, 0, 1])
    }

    @Test("A probability of exactly one half is the first class")
    func half() throws {
        let outputs = try StageRun.outputs(LinkChoice(.half), [[0], [-0.0], [1e-9], [-1e-9]])
        #expect(outputs == [[0.5, 0], [0.5, 0], [0.50000000025, 1], [0.49999999975, 0]])
    }

    @Test("Probabilities that cannot be told apart are a tie only where scikit-learn compares them")
    func saturated() throws {
        let row = [[1.0, 1.0 + 1e-16 * 4, 0.0]]
        let large = try StageRun.outputs(LinkChoice(.softmax), row)
        #expect(large[0]?[1] == 1)
        let small = [[0.0, 1e-17, -1.0]]
        let byNumber = try StageRun.outputs(LinkChoice(.softmax), small)
        let byProbability = try StageRun.outputs(LinkChoice(.probability), small)
        #expect(byNumber[0]?[1] == 1)
        #expect(byProbability[0]?[1] == 0)
    }

    @Test("No logistic function at all makes all classes as likely")
    func nothing() throws {
        let outputs = try StageRun.outputs(LinkChoice(.huber), [[-2, -3, -1, -9]])
        #expect(outputs == [[0.25, 2]])
    }

    @Test("A decision of 0 between two classes is a vote for the second")
    func zeroDecision() throws {
        let machine = SupportVectorClassifier(
            kernel: .linear,
            gamma: 0,
            coef0: 0,
            degree: 0,
            supportVectors: [1, -1, 0],
            classSizes: [1, 1, 1],
            dualCoefficients: [1, 1, 0, 0, 0, 0],
            intercepts: [0, -1, -1],
            shape: .oneVersusRest
        )
        // 0 against 1 is x - x = 0; both lose against 2.
        let outputs = try StageRun.outputs(machine, [[3]])
        let output = try #require(outputs[0])
        #expect(output[1] == 2)
        #expect((output[0] - (2 + 2.0 / 9)).magnitude < 1e-12)
    }

    @Test("A row half way between centres gets the first of them")
    func centres() throws {
        let stage = Centroids(centers: [0, 0, 4, 0, 0, 4], count: 3, isNearestOnly: true)
        let outputs = try StageRun.outputs(stage, [[2, 0], [2, 2], [0, 2], [3, 1]])
        #expect(outputs == [[2, 0], [(8.0).squareRoot(), 0], [2, 0], [(2.0).squareRoot(), 1]])
    }

    @Test("A category that training did not see fails the row")
    func categories() throws {
        let stage = NaiveBayesCategories(
            categoryCounts: [2],
            classCount: 1,
            tables: [-1, -2],
            prior: [-0.5]
        )
        let rows = [[0.0], [1.9], [2.0], [-1.0], [-0.5], [1e300]]
        let outputs = try StageRun.outputs(stage, rows)
        #expect(outputs == [[-1.5], [-2.5], nil, nil, [-1.5], nil])
    }
}
