import Inference
import Testing

@Suite("Dense stages in packed bytes")
struct DenseStagesTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        var name: String
        var columns: Int
        var stage: any Stage
        var testDescription: String { name }
    }

    static let samples = linear + maps + densities + votes + choices

    private static let linear: [Sample] = {
        var random = SeededGenerator(seed: 32)
        var samples: [Sample] = []
        for (columns, outputs) in [(1, 1), (3, 2), (8, 1), (9, 7), (17, 8), (5, 21), (150, 3)] {
            for activation in LinearActivation.allCases {
                let stage = Linear(
                    weights: random.doubles(columns * outputs, -0.5...0.5),
                    outputCount: outputs,
                    bias: outputs == 2 ? [] : random.doubles(outputs, -1...1),
                    activation: activation,
                    factor: outputs == 7 ? 0.25 : 1
                )
                samples.append(
                    Sample(
                        name: "\(activation) \(columns) to \(outputs)",
                        columns: columns,
                        stage: stage
                    )
                )
            }
        }
        return samples
    }()

    private static let maps: [Sample] = {
        var random = SeededGenerator(seed: 33)
        var samples: [Sample] = []
        for kernel in PairwiseKernel.allCases {
            for (columns, count) in [(1, 1), (4, 9), (9, 16)] {
                let stage = KernelMap(
                    kernel: kernel,
                    gamma: 0.3,
                    coef0: 0.5,
                    degree: 3,
                    vectors: random.doubles(columns * count, -1...1),
                    outputCount: count
                )
                samples.append(
                    Sample(name: "\(kernel) \(columns) to \(count)", columns: columns, stage: stage)
                )
            }
        }
        for (columns, count) in [(2, 1), (8, 3), (19, 10)] {
            for hasMean in [false, true] {
                let stage = Reconstruction(
                    mean: hasMean ? random.doubles(columns, -1...1) : [],
                    components: random.doubles(columns * count, -0.3...0.3),
                    count: count
                )
                samples.append(
                    Sample(name: "reconstruction of \(columns)", columns: columns, stage: stage)
                )
            }
        }
        for widths in [[2, 1], [3, 8, 1], [8, 21, 9, 3], [5, 150, 2]] {
            let layers = zip(widths, widths.dropFirst()).map { input, output in
                Linear(
                    weights: random.doubles(input * output, -0.5...0.5),
                    outputCount: output,
                    bias: random.doubles(output, -1...1),
                    activation: output % 2 == 0 ? .tanh : .relu
                )
            }
            let stage = Perceptron(layers: layers)
            samples.append(Sample(name: "network \(widths)", columns: widths[0], stage: stage))
        }
        samples.append(
            Sample(name: "indicator", columns: 3, stage: Binarize(threshold: 0.2))
        )
        let tables = NaiveBayesCategories(
            categoryCounts: [3, 4],
            classCount: 3,
            tables: random.doubles(21, -3...0),
            prior: random.doubles(3, -2...0)
        )
        samples.append(Sample(name: "categories", columns: 2, stage: tables))
        return samples
    }()

    private static let densities: [Sample] = {
        var random = SeededGenerator(seed: 34)
        var samples: [Sample] = []
        for (columns, count) in [(1, 1), (3, 2), (4, 9), (9, 3), (70, 2)] {
            let triangle = columns * (columns + 1) / 2
            let forms: [(GaussianMixture.Form, Int)] = [
                (.diagonal, columns), (.triangular, triangle), (.square(rank: 2), 2 * columns),
                (.square(rank: 11), 11 * columns),
            ]
            for (form, size) in forms {
                let stage = GaussianMixture(
                    form: form,
                    means: random.doubles(columns * count, -1...1),
                    factors: random.doubles(size * count, 0.1...1),
                    constants: random.doubles(count, -3...0)
                )
                samples.append(
                    Sample(name: "\(form) \(columns) to \(count)", columns: columns, stage: stage)
                )
            }
            for isNearestOnly in [false, true] {
                let stage = Centroids(
                    centers: random.doubles(columns * count, -1...1),
                    count: count,
                    isNearestOnly: isNearestOnly
                )
                samples.append(
                    Sample(
                        name: "\(count) centres, \(isNearestOnly)",
                        columns: columns,
                        stage: stage
                    )
                )
            }
            var precision = random.doubles(columns * columns, -0.01...0.01)
            for column in 0..<columns { precision[column * columns + column] = 1 }
            let stage = MahalanobisDistance(
                location: random.doubles(columns, -1...1),
                precision: precision,
                offset: -4
            )
            samples.append(Sample(name: "ellipse of \(columns)", columns: columns, stage: stage))
        }
        return samples
    }()

    private static let votes: [Sample] = {
        var random = SeededGenerator(seed: 35)
        var samples: [Sample] = []
        for kernel in SVMKernel.allCases {
            for (shape, sizes) in zip(
                SupportVectorClassifier.Shape.allCases,
                [[3, 4], [2, 5, 0], [4, 3, 6, 2]]
            ) {
                let (count, classes) = (sizes.reduce(0, +), sizes.count)
                let stage = SupportVectorClassifier(
                    kernel: kernel,
                    gamma: 0.4,
                    coef0: 0.1,
                    degree: 3,
                    supportVectors: random.doubles(count * 3, -1...1),
                    classSizes: sizes,
                    dualCoefficients: random.doubles(count * (classes - 1), -1...1),
                    intercepts: random.doubles(classes * (classes - 1) / 2, -0.5...0.5),
                    shape: shape
                )
                samples.append(Sample(name: "\(kernel) \(shape)", columns: 3, stage: stage))
            }
        }
        return samples
    }()

    private static let choices = LinkRule.allCases.flatMap { rule in
        (rule.classCount.map { [$0] } ?? [1, 3, 8, 12]).map { count in
            Sample(name: "\(rule) of \(count)", columns: count, stage: LinkChoice(rule))
        }
    }

    private static func rows(_ sample: Sample, _ seed: UInt64) -> [[Double]] {
        var random = SeededGenerator(seed: seed)
        return (0..<37).map { _ in
            let row = random.doubles(sample.columns, -2...2)
            // Categories are whole numbers that exist.
            return sample.stage is NaiveBayesCategories ? row.map { ($0 + 2).rounded() / 2 } : row
        }
    }

    @Test("Packed evaluation is the reference's", arguments: samples)
    func reference(_ sample: Sample) throws {
        let rows = Self.rows(sample, 1)
        let outputs = try StageRun.outputs(sample.stage, rows)
        for (row, output) in zip(rows, outputs) {
            let expected = sample.stage.reference(row)
            let given = try #require(output)
            #expect(given.count == expected.count)
            for (a, b) in zip(given, expected) {
                #expect((a - b).magnitude <= 1e-12 * max(1, b.magnitude), "\(a) for \(b)")
            }
        }
    }

    @Test("A row's bits depend neither on the batch nor on its neighbours", arguments: samples)
    func batches(_ sample: Sample) throws {
        let rows = Self.rows(sample, 2)
        let whole = try StageRun.outputs(sample.stage, rows)
        for batch in [1, 2, 7, 8, 9] {
            let parts = try StageRun.outputs(sample.stage, rows, batch: batch)
            #expect(parts == whole, "batches of \(batch)")
        }
    }

    @Test("A row with a missing or infinite value fails alone", arguments: samples)
    func missing(_ sample: Sample) throws {
        var rows = Self.rows(sample, 3)
        let whole = try StageRun.outputs(sample.stage, rows)
        rows[3][0] = .nan
        rows[9][sample.columns - 1] = -.infinity
        let outputs = try StageRun.outputs(sample.stage, rows)
        for index in rows.indices {
            #expect(outputs[index] == ([3, 9].contains(index) ? nil : whole[index]))
        }
    }

    @Test("Damaged bytes do not open or score without a crash", arguments: samples)
    func damage(_ sample: Sample) throws {
        try StageRun.damage(sample.stage, features: sample.columns, seed: 7)
    }
}
