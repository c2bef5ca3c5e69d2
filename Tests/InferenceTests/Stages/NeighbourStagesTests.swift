import Inference
import Testing

@Suite("Neighbour models in packed bytes")
struct NeighbourStagesTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        var name: String
        var stage: any Stage
        var testDescription: String { name }
    }

    static let samples: [Sample] = {
        var random = SeededGenerator(seed: 3)
        var samples: [Sample] = []
        let metrics = DistanceMetric.Kind.allCases.map { DistanceMetric($0, power: 2.5) }
        for metric in metrics {
            let count = 70
            let values = random.doubles(count * 3, -2...2)
            let flat = TrainingPoints(metric: metric, columnCount: 3, values: values)
            for (name, points) in [("all", flat), ("tree", withTree(flat))] {
                samples.append(
                    Sample(
                        name: "\(metric.kind), \(name): outlier factor",
                        stage: LocalOutlierFactor(
                            points: points,
                            neighbourCount: 6,
                            offset: -1.5,
                            densities: random.doubles(count, 0.5...2),
                            reaches: random.doubles(count, 0.1...1)
                        )
                    )
                )
                for classCount in [0, 2, 3] {
                    for isWeighted in [false, true] {
                        let largest = Double(max(classCount, 1)) - 0.001
                        let targets = random.doubles(count, 0...largest)
                        samples.append(
                            Sample(
                                name: "\(metric.kind), \(name): \(classCount) classes, "
                                    + "\(isWeighted)",
                                stage: NearestNeighbours(
                                    points: points,
                                    neighbourCount: 9,
                                    isWeighted: isWeighted,
                                    classCount: classCount,
                                    targets: classCount == 0
                                        ? targets : targets.map { $0.rounded(.down) }
                                )
                            )
                        )
                    }
                }
            }
            for kernel in KernelDensity.Kernel.allCases {
                samples.append(
                    Sample(
                        name: "\(metric.kind): density \(kernel)",
                        stage: KernelDensity(
                            points: flat,
                            kernel: kernel,
                            bandwidth: 1.3,
                            weights: kernel == .linear ? random.doubles(count, 0...2) : []
                        )
                    )
                )
            }
        }
        return samples
    }()

    /// Every kind of bytes once.
    static let damageSamples = samples.filter { $0.name.hasPrefix("euclidean") }

    /// A tree of three leaves: the first 20 rows, the next 20, the rest.
    private static func withTree(_ points: TrainingPoints) -> TrainingPoints {
        let ranges = [0..<70, 0..<40, 40..<70, 0..<20, 20..<40]
        var (lower, upper): ([Double], [Double]) = ([], [])
        for range in ranges {
            for column in 0..<3 {
                let values = range.map { points.values[3 * $0 + column] }
                lower.append(values.min() ?? 0)
                upper.append(values.max() ?? 0)
            }
        }
        var result = points
        result.tree = PointTree(
            starts: ranges.map { UInt32($0.lowerBound) },
            ends: ranges.map { UInt32($0.upperBound) },
            leaves: [0, 0, 1, 1, 1],
            lower: lower,
            upper: upper
        )
        return result
    }

    @Test("A packed model gives what its plain evaluation gives", arguments: samples)
    func packed(_ sample: Sample) throws {
        try check(sample.stage)
    }

    private func check(_ stage: some Stage) throws {
        var random = SeededGenerator(seed: 11)
        let rows = (0..<20).map { _ in random.doubles(3, -3...3) }
        let together = try StageRun.outputs(stage, rows)
        let alone = try StageRun.outputs(stage, rows, batch: 1)
        for (index, row) in rows.enumerated() {
            let given = try #require(together[index])
            #expect(given == alone[index], "row \(index)")
            for (value, wanted) in zip(given, stage.reference(row)) {
                #expect(abs(value - wanted) <= 1e-11 * max(1, abs(wanted)), "row \(index)")
            }
        }
    }

    @Test("Damaged bytes never crash", arguments: damageSamples)
    func damaged(_ sample: Sample) throws {
        #expect(try sample.stage.outputCount(inputCount: 3) > 0)
        try damage(sample.stage)
    }

    private func damage(_ stage: some Stage) throws {
        try StageRun.damage(stage, features: 3, seed: 9)
    }

    @Test("Equal votes go to the first class, and a row at distance 0 counts alone")
    func ties() throws {
        let points = TrainingPoints(
            metric: .euclidean,
            columnCount: 1,
            values: [0, 1, 2, 3]
        )
        let uniform = NearestNeighbours(
            points: points,
            neighbourCount: 4,
            isWeighted: false,
            classCount: 2,
            targets: [1, 0, 1, 0]
        )
        #expect(try StageRun.outputs(uniform, [[1.5]]) == [[0.5, 0]])
        var weighted = uniform
        weighted.isWeighted = true
        #expect(try StageRun.outputs(weighted, [[2]]) == [[1, 1]])
    }

    @Test("A density of zero is the smallest number and not a failed row")
    func zeroDensity() throws {
        let stage = KernelDensity(
            points: TrainingPoints(metric: .euclidean, columnCount: 1, values: [0]),
            kernel: .tophat,
            bandwidth: 1
        )
        let outputs = try StageRun.outputs(stage, [[0.5], [5]])
        #expect(outputs[1] == [-Double.greatestFiniteMagnitude])
        #expect(abs((outputs[0]?[0] ?? 0) + 0.6931471805599453) < 1e-15)
    }

    @Test("A tree that does not hold every row once is refused")
    func badTrees() throws {
        let flat = TrainingPoints(
            metric: .euclidean,
            columnCount: 3,
            values: Array(repeating: 0, count: 210)
        )
        func refuses(_ change: (inout PointTree) -> Void) throws {
            var points = Self.withTree(flat)
            if var tree = points.tree {
                change(&tree)
                points.tree = tree
            }
            let stage = KernelDensity(points: points, kernel: .gaussian, bandwidth: 1)
            #expect(throws: InferenceError.self) { try StageRun.encode(stage, features: 3) }
        }
        try refuses { $0.ends[3] = 25 }
        try refuses { $0.ends[3] = 15 }
        try refuses { $0.ends[2] = 71 }
        try refuses { $0.leaves[3] = 0 }
        try refuses { $0.lower[0] = .nan }
        try refuses { $0.starts.removeLast() }
    }
}
