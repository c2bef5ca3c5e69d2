import Inference
import Testing

@Suite("Scoring over packed bytes")
struct ModelViewScoreTests {
    @Test(
        "Every kernel agrees with the scalar reference",
        arguments: SVMKernel.allCases
    )
    func kernelsAgree(_ kernel: SVMKernel) throws {
        for seed in UInt64(1)...25 {
            var random = SeededGenerator(seed: seed)
            let features = Int.random(in: 1...9, using: &random)
            let vectors = Int.random(in: 1...70, using: &random)
            let model = ModelSamples.random(
                kernel,
                features: features,
                vectors: vectors,
                using: &random
            )
            let rows = random.doubles(
                11 * features,
                seed.isMultiple(of: 5) ? -40...40 : -2...2
            )
            try expectAgreement(model, rows, "\(kernel), seed \(seed)")
        }
    }

    @Test("Steps are applied in order, as the reference applies them")
    func stepsAgree() throws {
        for seed in UInt64(1)...25 {
            var random = SeededGenerator(seed: seed)
            let features = Int.random(in: 1...6, using: &random)
            let outputs = Int.random(in: 1...8, using: &random)
            let all: [any Stage] = [
                Standardize(
                    center: random.doubles(features, -900...900),
                    scale: random.doubles(features, 0.5...800)
                ),
                Standardize(center: [], scale: random.doubles(features, 0.5...2)),
                Standardize(center: random.doubles(features, -1...1), scale: []),
                Rescale(
                    scale: random.doubles(features, 0.5...2),
                    offset: random.doubles(features, -1...1),
                    clip: seed.isMultiple(of: 2) ? -0.5...0.75 : nil
                ),
                Project(
                    mean: seed.isMultiple(of: 3) ? [] : random.doubles(features, -1...1),
                    components: random.doubles(features * outputs, -1...1),
                    outputCount: outputs,
                    scale: seed.isMultiple(of: 2) ? [] : random.doubles(outputs, 0.5...2)
                ),
                Standardize(
                    center: random.doubles(outputs, -1...1),
                    scale: random.doubles(outputs, 0.5...2)
                ),
            ]
            let model = ModelSamples.random(
                .rbf,
                features: features,
                vectors: 30,
                steps: all,
                columns: outputs,
                using: &random
            )
            try expectAgreement(
                model,
                random.doubles(9 * features, -1000...1000),
                "seed \(seed)"
            )
        }
    }

    @Test("Rows beyond one chunk of scratch are scored like single rows")
    func chunks() throws {
        var random = SeededGenerator(seed: 4)
        let features = 3000
        let model = ModelSamples.random(
            .linear,
            features: features,
            vectors: 3,
            steps: [
                Standardize(
                    center: random.doubles(features, -1...1),
                    scale: random.doubles(features, 1...2)
                )
            ],
            using: &random
        )
        let rows = random.doubles(50 * features, -2...2)
        let whole = try scored(model, rows)
        for row in 0..<50 {
            let single = try scored(model, Array(rows[(row * features)..<((row + 1) * features)]))
            #expect(single.scores[0].bitPattern == whole.scores[row].bitPattern)
        }
    }

    @Test("A row's score does not depend on the rows beside it")
    func neighbours() throws {
        var random = SeededGenerator(seed: 8)
        let model = ModelSamples.random(.rbf, features: 3, vectors: 21, using: &random)
        let rows = random.doubles(7 * 3, -2...2)
        let whole = try scored(model, rows)
        for row in 0..<7 {
            let single = try scored(model, Array(rows[(row * 3)..<(row * 3 + 3)]))
            #expect(single.scores[0].bitPattern == whole.scores[row].bitPattern)
        }
    }

    @Test("A decision of exactly 0 is an anomaly, with the reference's own bits")
    func exactZero() throws {
        // Each support vector scores exactly 0: 0.5 * 1 - 0.5.
        let model = ModelSamples.rbf(vectors: [3], coefficients: [0.5], intercept: -0.5)
        let result = try scored(model, [3, 3.5])
        #expect(result.scores[0] == 0)
        #expect(result.anomalies == [1, 1])
    }

    @Test("Near 0 the score is the scalar reference's to the bit")
    func nearZero() throws {
        var positive = 0
        for seed in UInt64(1)...200 {
            var random = SeededGenerator(seed: seed)
            var model = ModelSamples.random(.rbf, features: 2, vectors: 37, using: &random)
            let row = random.doubles(2, -1...1)
            model.svm.intercept = 0
            let sum = try ScalarReference.decision(of: row, model)
            // Intercepts a few units in the last place beside the sum give tiny decisions.
            model.svm.intercept = -(sum + Double(Int(seed % 5) - 2) * sum.ulp)
            let expected = try ScalarReference.decision(of: row, model)
            let result = try scored(model, row)
            #expect(result.scores[0].bitPattern == expected.bitPattern, "seed \(seed)")
            #expect(result.anomalies[0] == (expected > 0 ? 0 : 1), "seed \(seed)")
            if expected > 0 { positive += 1 }
        }
        #expect(positive > 20, "the cases must have both labels")
    }

    @Test("A row with a feature that is not finite fails, its neighbours do not")
    func notFinite() throws {
        var random = SeededGenerator(seed: 3)
        for steps: [any Stage] in [
            [], [Rescale(scale: [1, 1], offset: [0, 0], clip: -1...1)],
        ] {
            let model = ModelSamples.random(
                .rbf,
                features: 2,
                vectors: 9,
                steps: steps,
                using: &random
            )
            let result = try scored(
                model,
                [0, 0, .nan, 0, 0, .infinity, -.infinity, 1, 1, 1]
            )
            #expect(result.scores.map(\.isNaN) == [false, true, true, true, false])
            #expect(result.anomalies.map { $0 == -1 } == [false, true, true, true, false])
        }
    }

    @Test("A decision beyond the range of doubles fails its row")
    func overflow() throws {
        var random = SeededGenerator(seed: 5)
        var model = ModelSamples.random(.polynomial, features: 1, vectors: 4, using: &random)
        model.svm.degree = 5
        let result = try scored(model, [1e300, 0.5])
        #expect(result.scores[0].isNaN && result.anomalies[0] == -1)
        #expect(result.scores[1].isFinite && result.anomalies[1] >= 0)
    }

    @Test("A machine without support vectors decides by its intercept")
    func noVectors() throws {
        let model = ModelSamples.rbf(vectors: [], coefficients: [], intercept: 0.25)
        let result = try scored(model, [1, 2])
        #expect(result.scores == [0.25, 0.25])
        #expect(result.anomalies == [0, 0])
    }

    @Test("Buffers of other sizes are refused")
    func shapes() throws {
        var random = SeededGenerator(seed: 1)
        let block = try ModelEncoder.encode(
            ModelSamples.random(.rbf, features: 3, vectors: 4, using: &random)
        )
        for (values, rowCount) in [(5, 2), (6, 1), (6, -2), (6, .max)] {
            var scratch = ScoringScratch()
            var scores = Array(repeating: 0.0, count: 8)
            var anomalies = Array(repeating: Int8(0), count: 8)
            let rows = Array(repeating: 0.0, count: values)
            let error = #expect(throws: InferenceError.self) {
                try block.withUnsafeBytes { block in
                    let view = try ModelView(validating: block)
                    try rows.withUnsafeBufferPointer { rows in
                        try scores.withUnsafeMutableBufferPointer { scores in
                            try anomalies.withUnsafeMutableBufferPointer { anomalies in
                                try view.score(
                                    rows: rows,
                                    rowCount: rowCount,
                                    scratch: &scratch,
                                    scores: scores,
                                    anomalies: anomalies
                                )
                            }
                        }
                    }
                }
            }
            #expect(error?.reason == .shape)
        }
    }

    private func expectAgreement(
        _ model: ModelParameters,
        _ rows: [Double],
        _ context: String
    ) throws {
        let result = try scored(model, rows)
        let width = model.featureCount
        let svm = model.svm
        // The largest kernel value is what an upper bound of it gives: the sum of magnitudes.
        var magnitude = model
        magnitude.svm.intercept = 0
        for row in 0..<(rows.count / width) {
            let values = Array(rows[(row * width)..<((row + 1) * width)])
            let expected = try ScalarReference.decision(of: values, model)
            let sum = try ScalarReference.decision(of: values, magnitude).magnitude
            let scale =
                svm.dualCoefficients.reduce(0) { $0 + $1.magnitude } + sum
                + svm.intercept.magnitude
            #expect(
                (result.scores[row] - expected).magnitude <= 1e-11 * scale,
                "\(context), row \(row)"
            )
            #expect(
                result.anomalies[row] == (expected > 0 ? 0 : 1),
                "\(context), row \(row)"
            )
        }
    }
}
