import Inference
import Testing

@Suite("Forests that are refused or look wrong")
struct ForestCheckTests {
    private static let split = TreeNode.split(feature: 0, threshold: 0, left: 1, right: 2)
    private static let stump = DecisionTree(nodes: [split, .leaf(0), .leaf(1)])
    private static let single = DecisionTree(nodes: [.leaf(0)])

    private func message(_ forest: Forest) -> String? {
        do {
            _ = try forest.outputCount(inputCount: 2)
            return nil
        } catch {
            return error.message
        }
    }

    @Test("Nodes that are no tree are refused")
    func noTree() {
        var cycle = Self.stump
        cycle.nodes[1] = .split(feature: 0, threshold: 1, left: 1, right: 2)
        #expect(
            message(Forest(trees: [Self.stump, cycle], values: [1, 2]))
                == "tree 2: its nodes are no tree, for one has two parents"
        )
        var outside = Self.stump
        outside.nodes[0].right = 3
        #expect(
            message(Forest(trees: [outside], values: [1, 2]))
                == "tree 1: a node's child is 3 of 3 nodes"
        )
        var empty = Self.stump
        empty.nodes = []
        #expect(message(Forest(trees: [empty], values: [1])) == "tree 1: it has no nodes")
        #expect(message(Forest(trees: [], values: [1])) == "there are no trees")
    }

    @Test("Numbers that do not fit are refused")
    func numbers() {
        var feature = Self.stump
        feature.nodes[0].feature = 2
        #expect(
            message(Forest(trees: [feature], values: [1, 2]))
                == "tree 1: a node asks for column 2 of 2"
        )
        var threshold = Self.stump
        threshold.nodes[0].threshold = .nan
        #expect(
            message(Forest(trees: [threshold], values: [1, 2]))
                == "tree 1: a threshold is not a number"
        )
        #expect(
            message(Forest(trees: [Self.stump], values: [1]))
                == "tree 1: a leaf's value is row 1 of 1"
        )
        #expect(
            message(Forest(trees: [Self.stump], values: [1, .infinity]))
                == "leaf values[1] is inf"
        )
        var column = Self.stump
        column.column = 1
        #expect(
            message(Forest(trees: [column], values: [1, 2]))
                == "tree 1: its values begin at sum 1 of 1"
        )
        #expect(message(Forest(trees: [Self.stump], values: [1, 2])) == nil)
    }

    @Test("Trees of a single leaf are a warning, nothing else is an error")
    func findings() {
        func codes(_ trees: [DecisionTree]) -> [String] {
            Forest(trees: trees, values: [1, 2]).findings().map { "\($0.severity) \($0.code)" }
        }
        #expect(codes([Self.stump, Self.stump]) == [])
        #expect(codes([Self.stump, Self.single]) == ["warning single_leaf_trees"])
        #expect(codes([Self.single, Self.single]) == ["error single_leaf_trees"])
    }

    @Test("A packed forest says how large it is")
    func facts() throws {
        let model = ModelParameters(
            type: "decision_tree_regressor",
            stages: [Forest(trees: [Self.stump, Self.single], values: [1, 2])],
            head: .value,
            featureCount: 2,
            featureNames: nil,
            source: "test"
        )
        let block = try ModelEncoder.encode(model)
        try block.withUnsafeBytes { bytes in
            let view = try ModelView(validating: bytes)
            let described = try ModelDescription(of: model, byteCount: block.count)
                .describing(view)
            #expect(
                described.facts == [
                    ModelFact("trees", "2"), ModelFact("nodes", "4"), ModelFact("max_depth", "1"),
                ]
            )
        }
    }

    @Test("Damaged bytes are refused or scored, never a crash", arguments: [true, false])
    func damage(roundsToFloat: Bool) throws {
        var refused = 0
        for seed in UInt64(1)...20 {
            var random = TreeRandom(seed: seed)
            let columns = Int.random(in: 1...9, using: &random)
            let forest = ForestSamples.forest(
                columns: columns,
                trees: 11,
                depth: 5,
                roundsToFloat: roundsToFloat,
                link: .mean,
                width: 2,
                sums: 3,
                categories: !roundsToFloat,
                using: &random
            )
            let model = ModelParameters(
                type: "random_forest_regressor",
                stages: [forest],
                head: .value,
                featureCount: columns,
                featureNames: nil,
                source: "test"
            )
            let block = try ModelEncoder.encode(model)
            let rows = ForestSamples.rows(23, columns: columns, missing: true, using: &random)
            for _ in 0..<15 {
                var damaged = block
                for _ in 0..<Int.random(in: 1...30, using: &random) {
                    let index = Int.random(in: 128..<damaged.count, using: &random)
                    damaged[index] = UInt8.random(in: 0...255, using: &random)
                }
                if !scores(damaged, rows, columns: columns) { refused += 1 }
            }
        }
        #expect(refused > 0 && refused <= 300)
    }

    /// Whether the bytes are accepted and scored; what comes out does not matter.
    private func scores(_ block: [UInt8], _ rows: [Double], columns: Int) -> Bool {
        let count = rows.count / columns
        var scores = [Double](repeating: 0, count: count)
        var anomalies = [Int8](repeating: 0, count: count)
        return block.withUnsafeBytes { block in
            do {
                let view = try ModelView(validating: block)
                var scratch = ScoringScratch()
                try rows.withUnsafeBufferPointer { rows in
                    try scores.withUnsafeMutableBufferPointer { scores in
                        try anomalies.withUnsafeMutableBufferPointer { anomalies in
                            try view.score(
                                rows: rows,
                                rowCount: count,
                                scratch: &scratch,
                                scores: scores,
                                anomalies: anomalies
                            )
                        }
                    }
                }
                return true
            } catch {
                // Refused, which is as good.
                return false
            }
        }
    }
}

@Suite("Categories become their numbers")
struct NumberCategoriesTests {
    @Test("A listed category becomes its index, another one is missing")
    func numbers() throws {
        let stage = NumberCategories(categories: [[-3, 2, 7.5, .nan], nil, []])
        #expect(try stage.outputCount(inputCount: 3) == 3)
        let rows: [[Double]] = [
            [-3, 5, 1], [2, .nan, 1], [7.5, 0, 1], [3, 0, 1], [.nan, 0, .nan],
        ]
        let expected: [[Double]] = [
            [0, 5, .nan], [1, .nan, .nan], [2, 0, .nan], [.nan, 0, .nan], [.nan, 0, .nan],
        ]
        for (row, wanted) in zip(rows, expected) {
            #expect(stage.reference(row).map(\.description) == wanted.map(\.description))
            for column in 0..<2 {
                let model = ModelParameters(
                    type: "test",
                    stages: [stage],
                    head: ModelHead(score: .column(column)),
                    featureCount: 3,
                    featureNames: nil,
                    source: "test"
                )
                let score = try score(ModelEncoder.encode(model), row)
                #expect(score.description == wanted[column].description, "\(row)")
            }
        }
    }

    private func score(_ block: [UInt8], _ row: [Double]) throws -> Double {
        var scores = [0.0]
        var anomalies: [Int8] = [0]
        try block.withUnsafeBytes { block in
            let view = try ModelView(validating: block)
            var scratch = ScoringScratch()
            try row.withUnsafeBufferPointer { rows in
                try scores.withUnsafeMutableBufferPointer { scores in
                    try anomalies.withUnsafeMutableBufferPointer { anomalies in
                        try view.score(
                            rows: rows,
                            rowCount: 1,
                            scratch: &scratch,
                            scores: scores,
                            anomalies: anomalies
                        )
                    }
                }
            }
        }
        return scores[0]
    }

    @Test("Categories out of order are refused")
    func order() {
        #expect(throws: InferenceError.self) {
            try NumberCategories(categories: [[2, 1]]).outputCount(inputCount: 1)
        }
        #expect(throws: InferenceError.self) {
            try NumberCategories(categories: [nil]).outputCount(inputCount: 2)
        }
    }
}
