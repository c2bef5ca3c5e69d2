import Testing

@testable import Inference

@Suite("limits of a graph's run")
struct GraphLimitsTests {
    private static let huge = Tensor.ints([1 << 20, 1 << 20, 1 << 20])

    private static func reason(_ body: () throws -> Void) -> GraphError.Reason? {
        do {
            try body()
            return nil
        } catch {
            return (error as? GraphError)?.reason
        }
    }

    @Test("operators that could make a huge tensor refuse before they allocate")
    func amplification() throws {
        let one = try Tensor.floats([1], [1])
        let row = try Tensor.floats([1, 1 << 13], [Float](repeating: 1, count: 1 << 13))
        let column = try row.reshaped([1 << 13, 1])
        let cube = try Tensor.floats([1, 1, 1], [1])
        let bodies: [(String, () throws -> Void)] = [
            ("Expand", { _ = try OperatorRun.one("Expand", 13, [one, Self.huge]) }),
            ("Tile", { _ = try OperatorRun.one("Tile", 13, [cube, Self.huge]) }),
            ("ConstantOfShape", { _ = try OperatorRun.one("ConstantOfShape", 9, [Self.huge]) }),
            (
                "Add",
                { _ = try OperatorRun.one("Add", 14, [row.reshaped([1, 1, 1 << 13]), big()]) }
            ),
            ("MatMul", { _ = try OperatorRun.one("MatMul", 13, [column, row], limits: small()) }),
            (
                "Einsum",
                {
                    _ = try OperatorRun.one(
                        "Einsum",
                        12,
                        [column, row],
                        ["equation": .string("ab,bc->ac")],
                        limits: small()
                    )
                }
            ),
        ]
        for (name, body) in bodies { #expect(Self.reason(body) == .limit, "\(name)") }

        func big() throws -> Tensor {
            try Tensor.floats([1 << 14, 1, 1], [Float](repeating: 0, count: 1 << 14))
        }
        func small() -> GraphLimits {
            var limits = GraphLimits.standard
            limits.elementCountMax = 1 << 20
            return limits
        }
    }

    @Test("shapes whose product overflows are errors")
    func overflow() throws {
        #expect(Self.reason { _ = try Tensor.elementCount(of: [.max, .max]) } == .limit)
        #expect(Self.reason { _ = try Tensor.elementCount(of: [0, .max, .max]) } == .limit)
        #expect(Self.reason { _ = try Tensor.elementCount(of: [-1, 3]) } == .invalid)
        #expect(try Tensor.elementCount(of: [0, 5]) == 0)
        #expect(try Tensor.elementCount(of: []) == 1)
        let ranks = [Int](repeating: 1, count: 40)
        #expect(Self.reason { _ = try Tensor.elementCount(of: ranks) } == .limit)
    }

    @Test("work and live elements are bounded")
    func work() throws {
        var limits = GraphLimits.standard
        limits.workMax = 1_000
        let square = try Tensor.floats([10, 10], [Float](repeating: 1, count: 100))
        #expect(
            Self.reason {
                _ = try OperatorRun.one("MatMul", 13, [square, square], limits: limits)
            } == .limit
        )
        limits = .standard
        limits.liveElementCountMax = 150
        var source = GraphSource()
        source.inputs = [GraphPort(name: "x")]
        source.outputs = [GraphPort(name: "y"), GraphPort(name: "z")]
        source.nodes = ["y", "z"].map {
            .init(operatorName: "Neg", imported: 13, inputs: ["x"], outputs: [$0])
        }
        let program = try GraphProgram(source)
        #expect(Self.reason { _ = try program.run([.tensor(square)], limits: limits) } == .limit)
    }
}
