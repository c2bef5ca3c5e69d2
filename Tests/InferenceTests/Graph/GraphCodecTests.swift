import Testing

@testable import Inference

@Suite("encoded graphs")
struct GraphCodecTests {
    /// A graph with every kind of attribute and a graph within it.
    private static func sample() throws -> GraphProgram {
        var body = GraphSource()
        body.inputs = [GraphPort(name: "row", type: .float)]
        body.outputs = [GraphPort(name: "out", type: .float)]
        body.nodes = [
            .init(operatorName: "Add", imported: 18, inputs: ["row", "outer"], outputs: ["out"])
        ]
        var source = GraphSource()
        source.inputs = [GraphPort(name: "x", type: .float, shape: [-1, 2])]
        source.outputs = [GraphPort(name: "y"), GraphPort(name: "s")]
        source.initializers = [
            ("outer", try .floats([2], [1, -.infinity])),
            ("text", Tensor(.string(["a", "", "é"]))),
            ("half", Tensor(.float16([Half(1.5)]))),
            ("flags", Tensor(.bool([true, false]))),
        ]
        source.nodes = [
            .init(
                operatorName: "Scan",
                imported: 18,
                name: "loop",
                inputs: ["x"],
                outputs: ["y"],
                attributes: ["num_scan_inputs": .int(1), "scan_input_axes": .ints([0])],
                graphs: ["body": body]
            ),
            .init(
                operatorName: "Identity",
                imported: 18,
                inputs: ["text"],
                outputs: ["s"],
                attributes: [
                    "a": .float(.pi), "b": .string("words"), "c": .strings(["x", "y"]),
                    "d": .floats([1, 2]), "e": .tensor(.ints([-5, Int64.max])), "f": .int(-7),
                ]
            ),
        ]
        return try GraphProgram(source)
    }

    @Test("a graph comes back from its bytes, and runs the same")
    func roundTrip() throws {
        let program = try Self.sample()
        let bytes = program.encoded()
        let again = try GraphProgram(decoding: bytes)
        #expect(again == program)
        #expect(again.encoded() == bytes)
        #expect(program.totalNodeCount == 3)
        let x = GraphValue.tensor(try .floats([2, 2], [1, 2, 3, 4]))
        let expected = GraphValue.tensor(try .floats([2, 2], [2, -.infinity, 4, -.infinity]))
        #expect(try again.run([x])[0] == expected)
    }

    @Test("bytes that are cut off are an error")
    func cutOff() throws {
        let bytes = try Self.sample().encoded()
        for count in 0..<bytes.count {
            #expect(throws: GraphError.self) {
                try GraphProgram(decoding: Array(bytes[..<count]))
            }
        }
        #expect(throws: GraphError.self) { try GraphProgram(decoding: bytes + [0]) }
    }

    @Test("damaged bytes give an error or a graph that runs or fails, never a crash")
    func damaged() throws {
        let bytes = try Self.sample().encoded()
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = GraphRandom(seed: seed)
        var limits = GraphLimits.standard
        limits.elementCountMax = 1 << 16
        limits.workMax = 1 << 20
        let x = GraphValue.tensor(try .floats([2, 2], [1, 2, 3, 4]))
        var (opened, refused) = (0, 0)
        for _ in 0..<4_000 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let position = Int.random(in: 0..<bytes.count, using: &random)
                damaged[position] = UInt8.random(in: 0...255, using: &random)
            }
            do {
                let program = try GraphProgram(decoding: damaged, limits: limits)
                opened += 1
                _ = try program.run(program.inputs.map { _ in x }, limits: limits)
            } catch {
                refused += 1
            }
        }
        #expect(opened > 0 && refused > 0, "seed \(seed)")
    }

    @Test("a graph beyond the limits is refused")
    func limits() throws {
        let bytes = try Self.sample().encoded()
        var limits = GraphLimits.standard
        limits.nodeCountMax = 2
        #expect(throws: GraphError(.limit, "more than 2 nodes")) {
            try GraphProgram(decoding: bytes, limits: limits)
        }
        limits = .standard
        limits.depthMax = 0
        #expect(throws: GraphError.self) { try GraphProgram(decoding: bytes, limits: limits) }
        limits = .standard
        limits.byteCountMax = 10
        #expect(throws: GraphError.self) { try GraphProgram(decoding: bytes, limits: limits) }
    }
}
