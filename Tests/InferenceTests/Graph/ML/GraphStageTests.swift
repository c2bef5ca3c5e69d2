import Testing

@testable import Inference

/// Rows evaluated by a stage's packed bytes; nil for rows that failed.
private func packed(_ stage: some Stage, _ rows: [[Double]]) throws -> [[Double]?] {
    let count = try stage.outputCount(inputCount: rows[0].count)
    var writer = StageWriter()
    stage.encode(into: &writer)
    return try evaluate(type(of: stage), writer.bytes, rows, count)
}

/// The same with bytes from anywhere.
private func evaluate(
    _ type: (some Stage).Type,
    _ bytes: [UInt8],
    _ rows: [[Double]],
    _ count: Int
) throws -> [[Double]?] {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count + 8, alignment: 64)
    defer { memory.deallocate() }
    memory.copyBytes(from: bytes)
    let base = try #require(memory.baseAddress)
    let columns = rows[0].count
    let reader = StageReader(UnsafeRawPointer(base), 0..<bytes.count)
    guard try type.check(reader, inputCount: columns) == count else {
        throw InferenceError(.corruptBlock, "other columns")
    }
    let flat = rows.flatMap { $0 }
    var failed = [UInt8](repeating: 0, count: rows.count)
    var outputs = [Double](repeating: 0, count: rows.count * count)
    try flat.withUnsafeBufferPointer { values in
        try failed.withUnsafeMutableBufferPointer { failed in
            try outputs.withUnsafeMutableBufferPointer { outputs in
                let rows = StageRows(
                    values: try #require(values.baseAddress),
                    count: rows.count,
                    failed: try #require(failed.baseAddress)
                )
                try type.apply(
                    reader,
                    inputCount: columns,
                    rows,
                    to: try #require(outputs.baseAddress)
                )
            }
        }
    }
    return rows.indices.map {
        failed[$0] != 0 ? nil : Array(outputs[$0 * count..<($0 + 1) * count])
    }
}

/// A graph of one Scaler over inputs of a type.
private func scalerGraph(_ type: ElementType, columns: [Int]) throws -> GraphProgram {
    var source = GraphSource()
    source.inputs = columns.enumerated().map {
        GraphPort(name: "x\($0.offset)", type: type, shape: [-1, $0.element])
    }
    source.nodes = [
        GraphSource.Node(
            domain: "ai.onnx.ml",
            operatorName: "FeatureVectorizer",
            imported: 1,
            inputs: source.inputs.map(\.name),
            outputs: ["all"]
        ),
        GraphSource.Node(
            domain: "ai.onnx.ml",
            operatorName: "Scaler",
            imported: 1,
            inputs: ["all"],
            outputs: ["y"],
            attributes: ["offset": .floats([1]), "scale": .floats([2])]
        ),
    ]
    source.outputs = [GraphPort(name: "y")]
    return try GraphProgram(source)
}

@Suite("graphs and their trees as stages")
struct GraphStageTests {
    @Test("columns are divided among the inputs and rounded to their type")
    func inputs() throws {
        let stage = GraphStage(
            program: try scalerGraph(.float, columns: [1, 2]),
            outputs: [GraphStage.Output(index: 0, columns: 3)],
            takesSingleRows: false
        )
        let rows = [[1.0, 2, 3], [0.1, 16_777_217, -5], [.nan, 1, 1]]
        let results = try packed(stage, rows)
        #expect(results[0] == [0, 2, 4])
        #expect(results[1]?[1] == 33_554_430)
        #expect(results[2]?[0].isNaN == true)
        #expect(stage.reference(rows[1]) == results[1])
    }

    @Test("a value that a type cannot hold fails its row alone")
    func narrowTypes() throws {
        let stage = GraphStage(
            program: try scalerGraph(.int32, columns: [1]),
            outputs: [GraphStage.Output(index: 0)],
            takesSingleRows: false
        )
        let results = try packed(stage, [[3], [2.5], [.nan], [1e300], [-4]])
        #expect(results == [[4], nil, nil, nil, [-10]])
    }

    @Test("inputs that are no rows of columns are refused")
    func refused() throws {
        let stage = GraphStage(
            program: try scalerGraph(.float, columns: [2]),
            outputs: [GraphStage.Output(index: 0, columns: 2)],
            takesSingleRows: false
        )
        #expect(throws: InferenceError.self) { try stage.outputCount(inputCount: 3) }
        let texts = GraphStage(
            program: try scalerGraph(.string, columns: [2]),
            outputs: [GraphStage.Output(index: 0, columns: 2)],
            takesSingleRows: false
        )
        #expect(throws: InferenceError.self) { try texts.outputCount(inputCount: 2) }
        let missing = GraphStage(
            program: try scalerGraph(.float, columns: [2]),
            outputs: [GraphStage.Output(index: 5, columns: 2)],
            takesSingleRows: false
        )
        #expect(throws: InferenceError.self) { try missing.outputCount(inputCount: 2) }
    }

    @Test("the largest or smallest of several scores is the only one given")
    func reduction() throws {
        for (reduction, expected) in [(GraphStage.Reduction.maximum, 4.0), (.minimum, -2)] {
            let stage = GraphStage(
                program: try scalerGraph(.float, columns: [4]),
                outputs: [GraphStage.Output(index: 0, columns: 4)],
                takesSingleRows: false,
                reduction: reduction
            )
            #expect(try packed(stage, [[9, 3, 0, 2]]) == [[16, expected]])
            #expect(stage.reference([9, 3, 0, 2]) == [16, expected])
        }
    }

    @Test("flipped bytes of a graph, of trees and of columns never trap")
    func hostileBytes() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = TestRandom(state: seed)
        let graph = GraphStage(
            program: try scalerGraph(.float, columns: [2]),
            outputs: [GraphStage.Output(index: 0, columns: 2, labels: ["a", "b"])],
            takesSingleRows: false
        )
        var refused = try flip(graph, columns: 2, rounds: 400, &random)
        refused += try flip(forest(&random), columns: 3, rounds: 2_000, &random)
        refused += try flip(
            FloatColumns(offset: [1, 2], scale: [3, 4]),
            columns: 2,
            rounds: 200,
            &random
        )
        #expect(refused > 100, "seed \(seed)")
    }

    /// How many of the damaged forms were refused.

    private func flip(
        _ stage: some Stage,
        columns: Int,
        rounds: Int,
        _ random: inout TestRandom
    ) throws -> Int {
        var refused = 0
        let count = try stage.outputCount(inputCount: columns)
        var writer = StageWriter()
        stage.encode(into: &writer)
        let rows = [
            [Double](repeating: 1.5, count: columns), [Double](repeating: .nan, count: columns),
        ]
        for _ in 0..<rounds {
            var bytes = writer.bytes
            for _ in 0..<Int(random.next() % 4 + 1) {
                let index = Int(random.next() % UInt64(bytes.count))
                bytes[index] = UInt8(truncatingIfNeeded: random.next())
            }
            if random.next() % 4 == 0 { bytes.removeLast(Int(random.next() % UInt64(bytes.count))) }
            do {
                _ = try evaluate(type(of: stage), bytes, rows, count)
            } catch is InferenceError {
                refused += 1
            }
        }
        return refused
    }

    private func forest(_ random: inout TestRandom) throws -> FloatForest {
        var builder = ForestBuilder(limits: .standard)
        for _ in 0..<5 {
            try builder.append(root: 1) { position throws(GraphError) in
                guard position < 16 else {
                    return .leaf(votes: [(position % 2, Double(position)), (0, 1)])
                }
                return .branch(
                    feature: position % 3,
                    mode: position % 5 == 0 ? .member : .atMost,
                    value: Double(position) / 7,
                    missingGoesTrue: position % 4 == 0,
                    members: position % 5 == 0 ? [1, 1.5] : [],
                    whenTrue: position * 2,
                    whenFalse: position * 2 + 1
                )
            }
        }
        return FloatForest(
            builder.finished {
                $0.targetCount = 2
                $0.base = [0.5, 1]
                $0.kind = .classes
                $0.transform = .softmax
            }
        )
    }

    @Test("packed trees give the bits of the reference")
    func packedTrees() throws {
        var random = TestRandom(state: 11)
        let stage = try forest(&random)
        let rows = (0..<50).map { _ in
            (0..<3).map { _ in Double(random.next() % 1_000) / 300 }
        }
        let results = try packed(stage, rows)
        for (row, result) in zip(rows, results) { #expect(stage.reference(row) == result) }
    }
}

/// A generator whose numbers a seed decides.
private struct TestRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
