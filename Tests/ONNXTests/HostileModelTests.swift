import Inference
import Testing

@testable import ONNX

@Suite("hostile ONNX files")
struct HostileModelTests {
    private static func refusal(
        _ bytes: [UInt8],
        limits: ONNXLimits = .standard
    ) -> ONNXError {
        do throws(ONNXError) {
            _ = try ONNXDecoder.decode(bytes, name: "m.onnx", limits: limits)
            return ONNXError(.damaged, "no error")
        } catch {
            return error
        }
    }

    private static let negation = WireBytes.graph(nodes: [WireBytes.node("Neg", ["x"], ["y"])])

    @Test("what is no model is refused")
    func noModel() {
        #expect(Self.refusal([]).message == "m.onnx: it holds no graph; is it an ONNX file?")
        #expect(Self.refusal(Array("hello, world".utf8)).reason == .damaged)
        var limits = ONNXLimits.standard
        limits.byteCountMax = 3
        #expect(Self.refusal([1, 2, 3, 4], limits: limits).reason == .limit)
    }

    @Test("external data is refused and named")
    func externalData() {
        let location = WireBytes.make {
            $0.put(1, "location")
            $0.put(2, "../../secret")
        }
        let constant = WireBytes.make {
            $0.put(1, 4)
            $0.put(2, 1)
            $0.put(8, "weights")
            $0.put(13, location)
            $0.put(14, 1)
        }
        let graph = WireBytes.graph(nodes: [], constants: [constant])
        let error = Self.refusal(WireBytes.model(graph: graph))
        #expect(error.reason == .unsupported)
        #expect(
            error.message
                == "m.onnx: tensor 'weights' keeps its data in another file '../../secret'; "
                + "save the model in one file"
        )
    }

    @Test("absurd shapes are refused before anything is allocated")
    func shapes() {
        for sizes: [Int64] in [[.max, .max], [1 << 40], [-5], [1 << 20, 1 << 20]] {
            let constant = WireBytes.make { wire in
                for size in sizes { wire.put(1, size) }
                wire.put(2, 1)
                wire.put(8, "big")
            }
            let graph = WireBytes.graph(nodes: [], constants: [constant])
            let error = Self.refusal(WireBytes.model(graph: graph))
            #expect(error.message.hasPrefix("m.onnx: tensor 'big': "), "\(error)")
        }
    }

    @Test("cycles and operators that are not supported are refused and named")
    func graphs() {
        let cycle = WireBytes.graph(nodes: [WireBytes.node("Add", ["x", "y"], ["y"])])
        #expect(
            Self.refusal(WireBytes.model(graph: cycle)).message
                == "m.onnx: node 0 (ai.onnx.Add-14): the graph has a cycle"
        )
        let unknown = WireBytes.graph(nodes: [WireBytes.node("LSTM", ["x"], ["y"])])
        let error = Self.refusal(WireBytes.model(graph: unknown))
        #expect(error.reason == .unsupported)
        #expect(
            error.message.hasPrefix(
                "m.onnx: node 0: operator LSTM of domain ai.onnx version 18 is not supported"
            )
        )
        let foreign = WireBytes.graph(
            nodes: [WireBytes.node("Neg", ["x"], ["y"], domain: "elsewhere")]
        )
        #expect(
            Self.refusal(WireBytes.model(graph: foreign)).message
                == "m.onnx: node 0: operator Neg of domain elsewhere has no imported version"
        )
    }

    @Test("deep nesting is refused")
    func nesting() {
        var graph = Self.negation
        for _ in 0..<200 {
            graph = WireBytes.graph(nodes: [
                WireBytes.node(
                    "Scan",
                    ["x"],
                    ["y"],
                    attributes: [
                        WireBytes.graphAttribute("body", graph),
                        WireBytes.intAttribute("num_scan_inputs", 1),
                    ]
                )
            ])
        }
        #expect(Self.refusal(WireBytes.model(graph: graph)).reason == .limit)
    }

    @Test("functions that call themselves, or double again and again, are refused")
    func functionBombs() {
        let imports: [(String, Int64)] = [("", 18), ("own", 1)]
        let call = WireBytes.graph(nodes: [WireBytes.node("F0", ["x"], ["y"], domain: "own")])
        let itself = WireBytes.function(
            "F0",
            inputs: ["a"],
            outputs: ["b"],
            nodes: [WireBytes.node("F0", ["a"], ["b"], domain: "own")]
        )
        let looped = WireBytes.model(graph: call, imports: imports, functions: [itself])
        #expect(Self.refusal(looped).reason == .limit)
        var limits = ONNXLimits.standard
        limits.functionDepthMax = 100
        limits.nodeCountMax = 1 << 12
        let doubling = (0..<60).map { level in
            WireBytes.function(
                "F\(level)",
                inputs: ["a"],
                outputs: ["b"],
                nodes: [
                    WireBytes.node("F\(level + 1)", ["a"], ["t"], domain: "own"),
                    WireBytes.node("F\(level + 1)", ["t"], ["b"], domain: "own"),
                ]
            )
        }
        let doubled = WireBytes.model(graph: call, imports: imports, functions: doubling)
        #expect(Self.refusal(doubled, limits: limits).reason == .limit)
    }

    @Test("a function cannot copy a large constant again and again")
    func copies() {
        let constant = WireBytes.make { wire in
            wire.put(1, "value_floats")
            wire.put(7, [UInt8](repeating: 0, count: 4_000))
            wire.put(20, 6)
        }
        let function = WireBytes.function(
            "F",
            inputs: ["a"],
            outputs: ["b"],
            nodes: [WireBytes.node("Constant", [], ["b"], attributes: [constant])]
        )
        let nodes = (0..<100).map {
            WireBytes.node("F", ["x"], [$0 == 99 ? "y" : "t\($0)"], domain: "own")
        }
        let bytes = WireBytes.model(
            graph: WireBytes.graph(nodes: nodes),
            imports: [("", 18), ("own", 1)],
            functions: [function]
        )
        #expect(Self.refusal(bytes).message == "no error")
        var limits = ONNXLimits.standard
        limits.expandedByteCountMax = 300_000
        #expect(Self.refusal(bytes, limits: limits).reason == .limit)
    }

    @Test("many empty messages, texts and long names are refused")
    func bombs() {
        var limits = ONNXLimits.standard
        limits.messageCountMax = 1_000
        limits.fieldCountMax = 5_000
        limits.nameByteCountMax = 1_000
        let nodes = WireBytes.graph(nodes: [[UInt8]](repeating: [], count: 2_000))
        #expect(Self.refusal(WireBytes.model(graph: nodes), limits: limits).reason == .limit)
        let names = [String](repeating: "", count: 6_000)
        let texts = WireBytes.graph(nodes: [WireBytes.node("Sum", names, ["y"])])
        #expect(Self.refusal(WireBytes.model(graph: texts), limits: limits).reason == .limit)
        let long = String(repeating: "n", count: 2_000)
        let name = WireBytes.graph(nodes: [WireBytes.node("Neg", [long], ["y"])])
        #expect(Self.refusal(WireBytes.model(graph: name), limits: limits).reason == .limit)
    }

    @Test("damaged bytes give an error or a model that runs or fails, never a crash")
    func damaged() throws {
        let body = WireBytes.graph(
            nodes: [WireBytes.node("Add", ["row", "x"], ["out"])],
            inputs: [WireBytes.value("row")],
            outputs: [WireBytes.value("out")]
        )
        let graph = WireBytes.graph(
            nodes: [
                WireBytes.node(
                    "Scan",
                    ["x"],
                    ["s"],
                    attributes: [
                        WireBytes.graphAttribute("body", body),
                        WireBytes.intAttribute("num_scan_inputs", 1),
                    ]
                ),
                WireBytes.node("Exp", ["s"], ["e"]),
                WireBytes.node("Gemm", ["e", "e"], ["g"]),
                WireBytes.node("TopK", ["g", "k"], ["y", "p"]),
            ],
            inputs: [WireBytes.value("x", [nil, 2])],
            constants: [
                WireBytes.make { wire in
                    wire.put(1, 1)
                    wire.put(2, 7)
                    wire.put(7, [1])
                    wire.put(8, "k")
                }
            ]
        )
        let bytes = WireBytes.model(graph: graph)
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = DamageRandom(state: seed)
        var limits = ONNXLimits.standard
        limits.graph.elementCountMax = 1 << 16
        limits.graph.workMax = 1 << 20
        let x = GraphValue.tensor(try Tensor(shape: [2, 2], .float([1, 2, 3, 4])))
        var (opened, refused) = (0, 0)
        for round in 0..<3_000 {
            var damaged = round < bytes.count ? Array(bytes[..<round]) : bytes
            for _ in 0..<Int.random(in: 1...3, using: &random) where !damaged.isEmpty {
                let position = Int.random(in: 0..<damaged.count, using: &random)
                damaged[position] = UInt8.random(in: 0...255, using: &random)
            }
            do {
                let model = try ONNXDecoder.decode(damaged, name: "m", limits: limits)
                opened += 1
                let inputs = model.program.inputs.map { _ in x }
                _ = try model.program.run(inputs, limits: limits.graph)
            } catch {
                refused += 1
            }
        }
        #expect(opened > 0 && refused > 0, "seed \(seed)")
    }
}

/// Numbers that a seed repeats.
struct DamageRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state >> 33) | (state << 31)
    }
}
