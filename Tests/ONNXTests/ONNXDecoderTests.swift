import Inference
import Testing

@testable import ONNX

@Suite("ONNX files")
struct ONNXDecoderTests {
    private static func decode(_ bytes: [UInt8]) throws -> ONNXModel {
        try ONNXDecoder.decode(bytes, name: "model.onnx")
    }

    private static func floats(_ name: String, _ values: [Float]) -> [UInt8] {
        WireBytes.make { wire in
            wire.put(1, Int64(values.count))
            wire.put(2, 1)
            wire.put(8, name)
            wire.put(9, values.withUnsafeBytes { Array($0) })
        }
    }

    private static func run(_ model: ONNXModel, _ values: [Float]) throws -> [Float] {
        let input = try Tensor(shape: [values.count], .float(values))
        guard case .tensor(let result) = try model.program.run([.tensor(input)])[0] else {
            return []
        }
        return try result.floats()
    }

    @Test("a model is read with its metadata, exporter, versions and inputs")
    func model() throws {
        let graph = WireBytes.graph(
            nodes: [WireBytes.node("Mul", ["x", "c"], ["y"])],
            inputs: [WireBytes.value("x", [nil, 3])],
            outputs: [WireBytes.value("y", [nil, 3])],
            constants: [Self.floats("c", [1, 2, 3])]
        )
        let bytes = WireBytes.model(
            graph: graph,
            imports: [("", 14), ("ai.onnx.ml", 3)],
            metadata: [("features", "[\"a\"]")]
        )
        let model = try Self.decode(bytes)
        #expect(model.metadata == ["features": "[\"a\"]"])
        #expect(model.producer == "exporter 1.2")
        #expect(model.imports == ["": 14, "ai.onnx.ml": 3])
        #expect(model.inputFeatureCounts == [3])
        #expect(model.featureCount == 3)
        #expect(model.outputNames == ["y"])
        #expect(model.program.inputs[0].shape == [-1, 3])
        let x = try Tensor(shape: [1, 3], .float([5, 6, 7]))
        let y = try Tensor(shape: [1, 3], .float([5, 12, 21]))
        #expect(try model.program.run([.tensor(x)]) == [.tensor(y)])
    }

    @Test("a file's own functions are put in place, attributes and nesting included")
    func functions() throws {
        let inner = WireBytes.function(
            "Twice",
            inputs: ["a"],
            outputs: ["b"],
            nodes: [WireBytes.node("Add", ["a", "a"], ["b"])]
        )
        let outer = WireBytes.function(
            "TopTwice",
            inputs: ["a"],
            outputs: ["b"],
            attributes: ["axis"],
            nodes: [
                WireBytes.node("Twice", ["a"], ["t"], domain: "own"),
                WireBytes.node("Twice", ["t"], ["u"], domain: "own"),
                WireBytes.node(
                    "CumSum",
                    ["u", "zero"],
                    ["b"],
                    attributes: [WireBytes.reference("reverse", to: "axis")]
                ),
                WireBytes.node(
                    "Constant",
                    [],
                    ["zero"],
                    attributes: [WireBytes.intAttribute("value_int", 0)]
                ),
            ]
        )
        let graph = WireBytes.graph(nodes: [
            WireBytes.node(
                "TopTwice",
                ["x"],
                ["y"],
                domain: "own",
                attributes: [WireBytes.intAttribute("axis", 1)]
            )
        ])
        let model = try Self.decode(
            WireBytes.model(
                graph: graph,
                imports: [("", 18), ("own", 1)],
                functions: [inner, outer]
            )
        )
        #expect(try Self.run(model, [1, 2, 3]) == [24, 20, 12])
    }

    @Test("a graph within a graph sees the values around it")
    func captured() throws {
        let body = WireBytes.graph(
            nodes: [WireBytes.node("Add", ["row", "c"], ["out"])],
            inputs: [WireBytes.value("row")],
            outputs: [WireBytes.value("out")]
        )
        let graph = WireBytes.graph(
            nodes: [
                WireBytes.node(
                    "Scan",
                    ["x"],
                    ["y"],
                    attributes: [
                        WireBytes.graphAttribute("body", body),
                        WireBytes.intAttribute("num_scan_inputs", 1),
                    ]
                )
            ],
            constants: [Self.floats("c", [100])]
        )
        let model = try Self.decode(WireBytes.model(graph: graph))
        #expect(try Self.run(model, [1, 2]) == [101, 102])
    }
}
