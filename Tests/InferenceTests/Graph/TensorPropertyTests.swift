import Testing

@testable import Inference

@Suite("tensor operators against plain loops")
struct TensorPropertyTests {
    private let seed = UInt64.random(in: 0...UInt64.max)

    private static func tensor(_ shape: [Int], _ random: inout GraphRandom) throws -> Tensor {
        let count = shape.reduce(1, *)
        return try .floats(shape, (0..<count).map { _ in Float.random(in: -9...9, using: &random) })
    }

    /// The element of a tensor at a position in a shape it extends to.
    private static func element(_ tensor: Tensor, _ values: [Float], _ position: [Int]) -> Float {
        let missing = position.count - tensor.rank
        var index = 0
        for axis in tensor.shape.indices {
            let size = tensor.shape[axis]
            index = index * size + (size == 1 ? 0 : position[axis + missing])
        }
        return values[index]
    }

    private static func positions(_ shape: [Int]) -> [[Int]] {
        shape.reduce([[]]) { heads, size in heads.flatMap { head in (0..<size).map { head + [$0] } }
        }
    }

    @Test("shapes extend to each other as the standard says")
    func broadcasting() throws {
        print("seed \(seed)")
        var random = GraphRandom(seed: seed)
        for _ in 0..<300 {
            let rank = Int.random(in: 0...4, using: &random)
            let shape = (0..<rank).map { _ in Int.random(in: 0...4, using: &random) }
            func part() -> [Int] {
                let dropped = Int.random(in: 0...rank, using: &random)
                return shape.dropFirst(dropped).map { Bool.random(using: &random) ? $0 : 1 }
            }
            let (a, b) = (try Self.tensor(part(), &random), try Self.tensor(part(), &random))
            let result = try OperatorRun.one("Sub", 14, [a, b])
            let (left, right) = (try a.floats(), try b.floats())
            let expected = Self.positions(result.shape).map {
                Self.element(a, left, $0) - Self.element(b, right, $0)
            }
            #expect(try result.floats() == expected, "seed \(seed), \(a.shape) \(b.shape)")
        }
    }

    @Test("reductions take every axis once")
    func reductions() throws {
        print("seed \(seed)")
        var random = GraphRandom(seed: seed)
        for _ in 0..<200 {
            let shape = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                Int.random(in: 1...4, using: &random)
            }
            let axes = shape.indices.filter { _ in Bool.random(using: &random) }
            guard !axes.isEmpty else { continue }
            let input = try Self.tensor(shape, &random)
            let result = try OperatorRun.one(
                "ReduceMin",
                18,
                [input, .ints(axes.map { Int64($0) })]
            )
            let values = try input.floats()
            var expected: [[Int]: Float] = [:]
            for position in Self.positions(shape) {
                let target = position.indices.map { axes.contains($0) ? 0 : position[$0] }
                let value = Self.element(input, values, position)
                expected[target] = min(expected[target] ?? .infinity, value)
            }
            let order = Self.positions(result.shape).map { expected[$0] }
            #expect(
                try result.floats().map(Optional.some) == order,
                "seed \(seed), \(shape) \(axes)"
            )
        }
    }

    @Test("a matrix product is the sum of products, and an equation says the same")
    func products() throws {
        print("seed \(seed)")
        var random = GraphRandom(seed: seed)
        for _ in 0..<60 {
            let sizes = (0..<3).map { _ in Int.random(in: 1...9, using: &random) }
            let a = try Self.tensor([sizes[0], sizes[1]], &random)
            let b = try Self.tensor([sizes[1], sizes[2]], &random)
            let product = try OperatorRun.one("MatMul", 13, [a, b])
            let equation = ["equation": GraphAttribute.string("ij,jk->ik")]
            let summed = try OperatorRun.one("Einsum", 12, [a, b], equation)
            let gemm = try OperatorRun.one(
                "Gemm",
                13,
                [a.transposed([1, 0]), b.transposed([1, 0])],
                ["transA": .int(1), "transB": .int(1)]
            )
            #expect(product == gemm, "seed \(seed)")
            for (x, y) in zip(try product.floats(), try summed.floats()) {
                #expect((x - y).magnitude <= 1e-4, "seed \(seed)")
            }
        }
    }
}
