import Inference
import Testing

@Suite("Preprocessing stages in packed bytes")
struct PreprocessingStagesTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        var name: String
        var stage: any Stage
        var range: ClosedRange<Double> = -3...3
        var hasHoles = false
        var testDescription: String { name }
    }

    static let samples: [Sample] = {
        let nested = CombineColumns(branches: [
            .init(columns: [0], stages: [Binarize(threshold: 0.5)]),
            .init(columns: [1, 0], stages: []),
        ])
        var samples = [
            Sample(
                name: "impute",
                stage: Impute(marker: .nan, kept: [0, 2], fill: [7, -1], indicators: [1, 2]),
                hasHoles: true
            ),
            Sample(
                name: "select",
                stage: SelectColumns(columns: [2, 0, 2]),
                hasHoles: true
            ),
            Sample(name: "binarize", stage: Binarize(threshold: 0.25)),
            Sample(
                name: "bins",
                stage: Discretize(edges: [[-1, 0, 1], [], [0.5]], isOneHot: true)
            ),
            Sample(
                name: "bin numbers",
                stage: Discretize(
                    edges: [[-1, 0, 1], [], [0.5]],
                    isOneHot: false,
                    nudge: (1e-8, 1e-5)
                )
            ),
            Sample(
                name: "columns",
                stage: CombineColumns(branches: [
                    .init(
                        columns: [2, 0],
                        stages: [
                            Standardize(center: [1, 2], scale: [3, 4]),
                            ExpandPolynomial(
                                inputCount: 2,
                                degrees: 0...2,
                                isInteractionOnly: false,
                                hasBias: true
                            ),
                        ]
                    ),
                    .init(columns: [1], stages: []),
                    .init(columns: [1, 2], stages: [nested]),
                ])
            ),
            Sample(
                name: "power, box-cox",
                stage: PowerTransform(method: .boxCox, lambdas: [0, 0.7, -1.5]),
                range: 0.1...9
            ),
        ]
        for norm in NormalizeRows.Norm.allCases {
            samples.append(
                Sample(name: "norm \(norm)", stage: NormalizeRows(norm: norm, smallest: 1e-15))
            )
        }
        for degrees in [0...0, 0...1, 0...4, 2...3] {
            for isInteractionOnly in [false, true] {
                samples.append(
                    Sample(
                        name: "polynomial \(degrees) \(isInteractionOnly)",
                        stage: ExpandPolynomial(
                            inputCount: 3,
                            degrees: degrees,
                            isInteractionOnly: isInteractionOnly,
                            hasBias: true
                        )
                    )
                )
            }
        }
        for method in [PowerTransform.Method.yeoJohnson, .yeoJohnsonStable] {
            samples.append(
                Sample(
                    name: "power, \(method)",
                    stage: PowerTransform(method: method, lambdas: [0, 2, 0.3]),
                    hasHoles: true
                )
            )
        }
        for distribution in MapQuantiles.Distribution.allCases {
            samples.append(
                Sample(
                    name: "quantiles \(distribution)",
                    stage: MapQuantiles(
                        distribution: distribution,
                        references: [0, 0.25, 0.5, 1],
                        quantiles: [-2, -1, -1, 2, 0, 0, 0, 0, -3, 1, 1, 1]
                    ),
                    hasHoles: true
                )
            )
        }
        for function in ElementFunction.allCases {
            samples.append(
                Sample(name: "\(function)", stage: ApplyFunction(function), range: 0.1...0.9)
            )
        }
        return samples
    }()

    @Test("A packed stage gives what its plain evaluation gives", arguments: samples)
    func packed(_ sample: Sample) throws {
        try check(sample.stage, sample)
    }

    private func check(_ stage: some Stage, _ sample: Sample) throws {
        var random = SeededGenerator(seed: 11)
        var rows = (0..<37).map { _ in random.doubles(3, sample.range) }
        if sample.hasHoles {
            for row in stride(from: 0, to: 37, by: 4) { rows[row][row % 3] = .nan }
        }
        let together = try StageRun.outputs(stage, rows)
        let alone = try StageRun.outputs(stage, rows, batch: 1)
        for (index, row) in rows.enumerated() {
            let expected = stage.reference(row)
            #expect(expected.count == (try stage.outputCount(inputCount: 3)))
            guard !expected.contains(where: \.isNaN) else {
                #expect(together[index] == nil)
                continue
            }
            let given = try #require(together[index])
            #expect(given == alone[index], "row \(index)")
            for (value, wanted) in zip(given, expected) {
                #expect(abs(value - wanted) <= 1e-12 * max(1, abs(wanted)), "row \(index)")
            }
        }
    }

    @Test("Damaged bytes never crash", arguments: samples)
    func damaged(_ sample: Sample) throws {
        #expect(try sample.stage.outputCount(inputCount: 3) > 0)
        try damage(sample.stage)
    }

    private func damage(_ stage: some Stage) throws {
        guard try stage.outputCount(inputCount: 3) > 0 else { return }
        try StageRun.damage(stage, features: 3, seed: 5)
    }

    @Test("A row with a missing value fails where the stage takes none")
    func missing() throws {
        let rows = [[1, .nan, 3], [1, 2, 3], [1, .infinity, 3]]
        for stage in [Binarize(threshold: 0) as any Stage, NormalizeRows(norm: .sum, smallest: 0)] {
            let bytes = try encode(stage)
            let scores = try StageRun.scores(bytes, rows)
            #expect(scores.map(\.isNaN) == [true, false, true])
        }
    }

    private func encode(_ stage: some Stage) throws -> [UInt8] {
        try StageRun.encode(stage, features: 3)
    }

    @Test("Values that are not positive fail a Box-Cox transform")
    func boxCox() throws {
        let stage = PowerTransform(method: .boxCox, lambdas: [0.5, 0.5])
        let bytes = try StageRun.encode(stage, features: 2)
        let scores = try StageRun.scores(bytes, [[1, 2], [1, 0], [1, -1]])
        #expect(scores.map(\.isNaN) == [false, true, true])
    }

    @Test("Numbers that do not fit are refused when encoding")
    func refused() throws {
        let stages: [any Stage] = [
            Impute(marker: .nan, kept: [3], fill: [0]),
            Impute(marker: .nan, kept: [0], fill: [.nan]),
            SelectColumns(columns: [-1]),
            SelectColumns(columns: []),
            Discretize(edges: [[1]], isOneHot: true),
            ExpandPolynomial(
                inputCount: 3,
                degrees: 0...1_000,
                isInteractionOnly: false,
                hasBias: false
            ),
            MapQuantiles(distribution: .uniform, references: [], quantiles: []),
            MapQuantiles(distribution: .uniform, references: [0, 1], quantiles: [0, 1]),
            PowerTransform(method: .boxCox, lambdas: [1]),
            CombineColumns(branches: []),
            CombineColumns(branches: [.init(columns: [3], stages: [])]),
            CombineColumns(branches: [.init(columns: [], stages: [])]),
            Binarize(threshold: .nan),
        ]
        for stage in stages {
            #expect(throws: InferenceError.self, "\(stage)") { try encode(stage) }
        }
    }
}
