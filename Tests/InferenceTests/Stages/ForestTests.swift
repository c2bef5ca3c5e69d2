import CVector
import Testing

@testable import Inference

@Suite("Trees and forests in packed bytes")
struct ForestTests {
    /// The packed stage, and a copy of its bytes' address, for as long as the call lasts.
    private func withView<Result>(
        _ forest: Forest,
        columns: Int,
        _ body: (Forest.View) throws -> Result
    ) throws -> Result {
        _ = try forest.outputCount(inputCount: columns)
        var writer = StageWriter()
        forest.encode(into: &writer)
        let bytes = writer.bytes
        return try bytes.withUnsafeBytes { bytes in
            let base = try #require(bytes.baseAddress)
            var reader = StageReader(base, 0..<bytes.count)
            let view = try Forest.View(&reader, inputCount: columns)
            try reader.expectEnd()
            return try body(view)
        }
    }

    private func packed(
        _ forest: Forest,
        columns: Int,
        rows: [Double]
    ) throws -> (outputs: [Double], failed: [UInt8]) {
        try withView(forest, columns: columns) { view in
            let count = rows.count / columns
            var outputs = [Double](repeating: 99, count: count * view.outputCount)
            var failed = [UInt8](repeating: 0, count: count)
            try rows.withUnsafeBufferPointer { rows in
                try outputs.withUnsafeMutableBufferPointer { outputs in
                    try failed.withUnsafeMutableBufferPointer { failed in
                        view.apply(
                            StageRows(
                                values: try #require(rows.baseAddress),
                                count: count,
                                failed: try #require(failed.baseAddress)
                            ),
                            to: try #require(outputs.baseAddress)
                        )
                    }
                }
            }
            return (outputs, failed)
        }
    }

    private func expectAgreement(
        _ forest: Forest,
        columns: Int,
        rows: [Double],
        _ note: String
    ) throws {
        let outputs = try packed(forest, columns: columns, rows: rows).outputs
        let width = forest.link.outputCount(sumCount: forest.base.count)
        for row in 0..<(rows.count / columns) {
            let own = Array(rows[(row * columns)..<((row + 1) * columns)])
            let expected = forest.reference(own).map(\.bitPattern)
            let given = outputs[(row * width)..<((row + 1) * width)].map(\.bitPattern)
            #expect(given == expected, "\(note), row \(row)")
        }
    }

    @Test("Packed trees give the bits of the plain walk", arguments: [true, false])
    func agreement(roundsToFloat: Bool) throws {
        let links: [ForestLink] = [
            .sum, .mean, .exponential, .logistic,
            .isolation(IsolationScore(averagePathLength: 3, offset: -0.5)),
        ]
        for seed in UInt64(1)...40 {
            var random = TreeRandom(seed: seed)
            let columns = [1, 2, 3, 7, 8, 20, 254, 255, 300].randomElement(using: &random) ?? 1
            let forest = ForestSamples.forest(
                columns: columns,
                trees: Int.random(in: 1...20, using: &random),
                depth: Int.random(in: 0...9, using: &random),
                roundsToFloat: roundsToFloat,
                link: links.randomElement(using: &random) ?? .sum,
                using: &random
            )
            let rows = ForestSamples.rows(
                [1, 2, 5, 13, 37, 300].randomElement(using: &random) ?? 1,
                columns: columns,
                missing: Bool.random(using: &random),
                using: &random
            )
            try expectAgreement(forest, columns: columns, rows: rows, "seed \(seed)")
        }
    }

    @Test("Several sums, categories and classes give the bits of the plain walk")
    func wideValues() throws {
        for seed in UInt64(1)...40 {
            var random = TreeRandom(seed: seed)
            let width = Int.random(in: 1...4, using: &random)
            let links: [ForestLink] = [.sum, .mean, .softmax, .largestSoftmax]
            let categories = Bool.random(using: &random)
            let forest = ForestSamples.forest(
                columns: 3,
                trees: Int.random(in: 1...12, using: &random),
                depth: 6,
                roundsToFloat: !categories,
                link: links.randomElement(using: &random) ?? .sum,
                width: width,
                sums: width + Int.random(in: 0...2, using: &random),
                categories: categories,
                using: &random
            )
            let rows = ForestSamples.rows(21, columns: 3, missing: true, using: &random)
            try expectAgreement(forest, columns: 3, rows: rows, "seed \(seed)")
        }
    }

    @Test("All forms this CPU runs give the same bits")
    func forms() throws {
        for seed in UInt64(1)...12 {
            var random = TreeRandom(seed: seed)
            let columns = [2, 7, 8, 30].randomElement(using: &random) ?? 2
            let forest = ForestSamples.forest(
                columns: columns,
                trees: Int.random(in: 1...20, using: &random),
                depth: 11,
                roundsToFloat: true,
                using: &random
            )
            let rows = ForestSamples.rows(29, columns: columns, missing: true, using: &random)
            try withView(forest, columns: columns) { view in
                let portable = sums(view.native, rows, form: CVECTOR_PORTABLE)
                #expect(portable != nil)
                for form in [CVECTOR_AVX2, CVECTOR_AVX512] {
                    guard let other = sums(view.native, rows, form: form) else { continue }
                    #expect(other == portable, "form \(form), seed \(seed)")
                }
            }
        }
    }

    private func sums(_ forest: CVectorForest, _ rows: [Double], form: Int) -> [UInt64]? {
        let count = rows.count / forest.rowStride
        var scratch = [Double](
            repeating: 0,
            count: cvector_forest_scratch(count, forest.columnCount)
        )
        var sums = [Double](repeating: 0.1, count: count * forest.outputCount)
        let isDone = withUnsafePointer(to: forest) {
            cvector_forest_add_as(Int32(form), $0, rows, count, &scratch, &sums)
        }
        return isDone == 1 ? sums.map(\.bitPattern) : nil
    }

    @Test("A deep chain of nodes is walked to its end")
    func chain() throws {
        let depth: Int32 = 3000
        var nodes: [TreeNode] = []
        for index in 0..<depth {
            nodes.append(
                .split(
                    feature: 0,
                    threshold: Double(index),
                    left: 2 * index + 1,
                    right: 2 * index + 2
                )
            )
            nodes.append(.leaf(index))
        }
        nodes.append(.leaf(depth))
        let forest = Forest(
            trees: [DecisionTree(nodes: nodes)],
            values: (0...depth).map { Double($0) }
        )
        let values: [Double] = [-1, 0, 0.5, 17, 1500.25, 2999, 5000]
        let rows = values.flatMap { value -> [Double] in [value, 7] }
        let outputs = try packed(forest, columns: 2, rows: rows).outputs
        #expect(outputs == [0, 0, 1, 17, 1501, 2999, 3000])
    }

    @Test("A value is compared as the float that scikit-learn makes of it")
    func rounding() throws {
        // 0.1 as a float is a little more than 0.1 as a double.
        let nodes: [TreeNode] = [
            .split(feature: 0, threshold: 0.1, left: 1, right: 2), .leaf(0), .leaf(1),
        ]
        var forest = Forest(trees: [DecisionTree(nodes: nodes)], values: [0, 1])
        #expect(try packed(forest, columns: 1, rows: [0.1]).outputs == [1])
        forest.roundsToFloat = false
        #expect(try packed(forest, columns: 1, rows: [0.1]).outputs == [0])
    }

    @Test("A value beyond floats fails its row, unless it counts as infinite")
    func overflow() throws {
        let nodes: [TreeNode] = [
            .split(feature: 0, threshold: 0, left: 1, right: 2), .leaf(0), .leaf(1),
        ]
        var forest = Forest(trees: [DecisionTree(nodes: nodes)], values: [0, 1])
        let rows = [1, 0, 1e39, 0, 1, -1e39]
        #expect(try packed(forest, columns: 2, rows: rows).failed == [0, 1, 1])
        forest.acceptsLarge = true
        let result = try packed(forest, columns: 2, rows: rows)
        #expect(result.failed == [0, 0, 0])
        #expect(result.outputs == [1, 1, 1])
    }

    @Test("A decision next to the threshold is on it")
    func isolationTies() {
        let score = IsolationScore(averagePathLength: 4, offset: -0.5)
        #expect(score.decision(pathLength: 40, treeCount: 10) == 0)
        let near = IsolationScore(averagePathLength: 4, offset: (-0.5).nextDown)
        #expect(near.decision(pathLength: 40, treeCount: 10) == 0)
        let far = IsolationScore(averagePathLength: 4, offset: -0.5 - 1e-15)
        #expect(far.decision(pathLength: 40, treeCount: 10) > 0)
        let single = IsolationScore(averagePathLength: 0, offset: -0.5)
        #expect(single.decision(pathLength: 0, treeCount: 10) == 0)
    }
}
