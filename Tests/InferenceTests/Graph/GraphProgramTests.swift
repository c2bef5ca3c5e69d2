import Testing

@testable import Inference

@Suite("graph programs")
struct GraphProgramTests {
    private static func node(
        _ name: String,
        _ inputs: [String],
        _ outputs: [String],
        imported: Int = 18,
        label: String = ""
    ) -> GraphSource.Node {
        .init(
            operatorName: name,
            imported: imported,
            name: label,
            inputs: inputs,
            outputs: outputs
        )
    }

    /// y = (x + x) * c, the nodes in the wrong order.
    private static func unsorted() throws -> GraphSource {
        var source = GraphSource()
        source.inputs = [GraphPort(name: "x", type: .float, shape: [-1, 2])]
        source.outputs = [GraphPort(name: "y", type: .float, shape: [-1, 2])]
        source.initializers = [("c", try .floats([2], [10, 100]))]
        source.nodes = [node("Mul", ["s", "c"], ["y"]), node("Add", ["x", "x"], ["s"])]
        return source
    }

    private static func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    @Test("nodes run in an order in which every input is there")
    func order() throws {
        let program = try GraphProgram(Self.unsorted())
        #expect(program.nodes.map(\.operatorName) == ["Add", "Mul"])
        #expect(program.nodes.map(\.version) == [14, 14])
        let x = try Tensor.floats([2, 2], [1, 2, 3, 4])
        let y = try program.run(named: ["x": .tensor(x)])
        #expect(try y == ["y": .tensor(.floats([2, 2], [20, 400, 60, 800]))])
    }

    @Test("a cycle is an error that names a node on it")
    func cycle() throws {
        var source = try Self.unsorted()
        source.nodes[1] = Self.node("Add", ["x", "y"], ["s"], label: "loop")
        let text = Self.message { _ = try GraphProgram(source) }
        #expect(text == "node 0 (ai.onnx.Mul-14): the graph has a cycle")
    }

    @Test("values without an origin and with two are errors")
    func origins() throws {
        var source = try Self.unsorted()
        source.nodes[0] = Self.node("Mul", ["s", "nowhere"], ["y"])
        let missing = Self.message { _ = try GraphProgram(source) }
        #expect(missing == "node 0: it needs 'nowhere', which no node makes")
        source = try Self.unsorted()
        source.nodes.append(Self.node("Neg", ["x"], ["s"]))
        let twice = Self.message { _ = try GraphProgram(source) }
        #expect(twice == "the value 's' has a second origin")
        source = try Self.unsorted()
        source.outputs.append(GraphPort(name: "z"))
        let output = Self.message { _ = try GraphProgram(source) }
        #expect(output == "the graph's output needs 'z', which no node makes")
    }

    @Test("an unsupported operator is named with domain, version and node")
    func unsupported() throws {
        var source = try Self.unsorted()
        source.nodes[1] = Self.node("Fourier", ["x"], ["s"], label: "f")
        let unknown = Self.message { _ = try GraphProgram(source) }
        #expect(
            unknown.hasPrefix(
                "node 1 'f': operator Fourier of domain ai.onnx version 18 is not supported; "
                    + "supported are Abs, Add, And,"
            )
        )
        source.nodes[1] = Self.node("Add", ["x", "x"], ["s"], imported: 6)
        let old = Self.message { _ = try GraphProgram(source) }
        #expect(
            old.hasSuffix(
                "Add of domain ai.onnx version 6 is not supported; supported from version 7 on"
            )
        )
        source.nodes[1] = Self.node("Add", ["x", "x"], ["s"], imported: 99)
        let new = Self.message { _ = try GraphProgram(source) }
        #expect(
            new.hasSuffix(
                "version 99 of domain ai.onnx is not supported; export for version 27 or older"
            )
        )
        source.nodes[1].domain = "custom"
        let domain = Self.message { _ = try GraphProgram(source) }
        #expect(
            domain.contains("of domain custom is not supported; supported domains are ai.onnx,")
        )
    }

    @Test("an operator's since-version is the newest that the import reaches")
    func versions() throws {
        for (imported, version) in [(8, 7), (12, 7), (13, 13), (14, 14), (27, 14)] {
            let found = try OperatorRegistry.resolve(domain: "", name: "Add", imported: imported)
            #expect(found.version == version, "imported \(imported)")
        }
    }

    @Test("a run's inputs must have the declared types and shapes")
    func inputs() throws {
        let program = try GraphProgram(Self.unsorted())
        let wide = Self.message { _ = try program.run([.tensor(.floats([1, 3], [1, 2, 3]))]) }
        #expect(wide == "input 'x' has the shape [1, 3], not [-1, 2]")
        let typed = Self.message {
            _ = try program.run([.tensor(Tensor(shape: [1, 2], .double([1, 2])))])
        }
        #expect(typed == "input 'x' has elements of type double, not float")
        let count = Self.message { _ = try program.run([]) }
        #expect(count == "0 inputs, not 1")
    }

    @Test("no rows give no rows")
    func empty() throws {
        let program = try GraphProgram(Self.unsorted())
        let y = try program.run([.tensor(.floats([0, 2], []))])
        #expect(try y == [.tensor(.floats([0, 2], []))])
    }

    @Test("what an operator refuses is an error with the node's place")
    func place() throws {
        var source = try Self.unsorted()
        source.inputs[0].shape = nil
        let program = try GraphProgram(source)
        let text = Self.message { _ = try program.run([.tensor(.floats([3], [1, 2, 3]))]) }
        #expect(text == "node 1 (ai.onnx.Mul-14): shapes [3] and [2] do not fit together")
    }
}
