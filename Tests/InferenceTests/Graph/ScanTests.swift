import Testing

@testable import Inference

@Suite("scans")
struct ScanTests {
    /// Squared distances of rows to points, as exporters write them; or with one more node, which
    /// hides the pattern.
    private static func distances(isHidden: Bool) throws -> GraphProgram {
        func node(_ name: String, _ inputs: [String], _ output: String) -> GraphSource.Node {
            .init(operatorName: name, imported: 18, inputs: inputs, outputs: [output])
        }
        var body = GraphSource()
        body.inputs = [GraphPort(name: "points_in"), GraphPort(name: "row")]
        body.outputs = [GraphPort(name: "points_out"), GraphPort(name: "sums")]
        body.initializers = [("axes", .ints([1]))]
        body.nodes = [
            node("Identity", ["points_in"], "points_out"),
            node("Sub", ["points_in", "row"], "difference"),
            node("ReduceSumSquare", ["difference", "axes"], "squares"),
            node(isHidden ? "Abs" : "Identity", ["squares"], "sums"),
        ]
        body.nodes[2].attributes = ["keepdims": .int(0)]
        var source = GraphSource()
        source.inputs = [GraphPort(name: "points"), GraphPort(name: "rows")]
        source.outputs = [GraphPort(name: "last"), GraphPort(name: "distances")]
        source.nodes = [
            .init(
                operatorName: "Scan",
                imported: 18,
                inputs: ["points", "rows"],
                outputs: ["last", "distances"],
                attributes: ["num_scan_inputs": .int(1)],
                graphs: ["body": body]
            )
        ]
        return try GraphProgram(source)
    }

    @Test("the recognised distance loop gives the loop's results, bit by bit")
    func pattern() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = GraphRandom(seed: seed)
        func matrix(_ rows: Int, _ isWide: Bool) throws -> GraphValue {
            let values = (0..<rows * 5).map { _ in Double.random(in: -100...100, using: &random) }
            let storage: TensorStorage = isWide ? .double(values) : .float(values.map { Float($0) })
            return .tensor(try Tensor(shape: [rows, 5], storage))
        }
        for isWide in [true, false] {
            for rows in [0, 1, 13] {
                let inputs = [try matrix(7, isWide), try matrix(rows, isWide)]
                let quick = try Self.distances(isHidden: false).run(inputs)
                let slow = try Self.distances(isHidden: true).run(inputs)
                #expect(quick == slow, "seed \(seed)")
                guard case .tensor(let result) = quick[1] else { continue }
                #expect(result.shape == [rows, 7])
            }
        }
    }

    @Test("the pattern is recognised, and only it")
    func recognition() throws {
        for isHidden in [false, true] {
            let program = try Self.distances(isHidden: isHidden)
            let inputs: [GraphValue] = [
                .tensor(try .floats([1, 1], [0])), .tensor(try .floats([2, 1], [1, 2])),
            ]
            let call = OperatorCall(node: program.nodes[0], inputs: inputs, meter: WorkMeter())
            let found = try ScanDistances.evaluate(try ScanPlan(call), call)
            #expect((found == nil) == isHidden)
        }
    }

    @Test("states, directions and output axes")
    func directions() throws {
        var body = GraphSource()
        body.inputs = [GraphPort(name: "sum_in"), GraphPort(name: "x")]
        body.outputs = [GraphPort(name: "sum"), GraphPort(name: "copy")]
        body.nodes = [
            .init(operatorName: "Add", imported: 18, inputs: ["sum_in", "x"], outputs: ["sum"]),
            .init(operatorName: "Identity", imported: 18, inputs: ["sum"], outputs: ["copy"]),
        ]
        var source = GraphSource()
        source.inputs = [GraphPort(name: "start"), GraphPort(name: "rows")]
        source.outputs = [GraphPort(name: "last"), GraphPort(name: "sums")]
        source.nodes = [
            .init(
                operatorName: "Scan",
                imported: 11,
                inputs: ["start", "rows"],
                outputs: ["last", "sums"],
                attributes: [
                    "num_scan_inputs": .int(1), "scan_input_directions": .ints([1]),
                    "scan_output_directions": .ints([1]), "scan_output_axes": .ints([1]),
                ],
                graphs: ["body": body]
            )
        ]
        let rows = try Tensor.floats([3, 2], [1, 10, 2, 20, 3, 30])
        let start = try Tensor.floats([2], [0, 0])
        let results = try GraphProgram(source).run([.tensor(start), .tensor(rows)])
        #expect(try results[0] == .tensor(.floats([2], [6, 60])))
        #expect(try results[1] == .tensor(.floats([2, 3], [6, 5, 3, 60, 50, 30])))
    }

    @Test("a scan whose inputs do not fit its body is an error")
    func misfit() throws {
        let program = try Self.distances(isHidden: false)
        var node = program.nodes[0]
        node.attributes["num_scan_inputs"] = .int(9)
        let call = OperatorCall(node: node, inputs: [], meter: WorkMeter())
        #expect(throws: GraphError.self) { try ScanOperator.evaluate(call) }
    }
}
