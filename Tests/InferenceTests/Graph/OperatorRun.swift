import Testing

@testable import Inference

/// Runs one operator as the only node of a graph.
enum OperatorRun {
    /// The outputs as tensors; the version is what a file would import.
    static func all(
        _ name: String,
        _ imported: Int,
        _ inputs: [Tensor?],
        _ attributes: [String: GraphAttribute] = [:],
        outputs: Int = 1,
        domain: String = "",
        limits: GraphLimits = .standard
    ) throws -> [Tensor] {
        var source = GraphSource()
        source.inputs = inputs.indices.filter { inputs[$0] != nil }.map {
            GraphPort(name: "x\($0)")
        }
        source.outputs = (0..<outputs).map { GraphPort(name: "y\($0)") }
        source.nodes = [
            .init(
                domain: domain,
                operatorName: name,
                imported: imported,
                inputs: inputs.indices.map { inputs[$0] == nil ? "" : "x\($0)" },
                outputs: source.outputs.map(\.name),
                attributes: attributes
            )
        ]
        let program = try GraphProgram(source, limits: limits)
        let values = inputs.compactMap { $0.map { GraphValue.tensor($0) } }
        return try program.run(values, limits: limits).map { value in
            guard case .tensor(let tensor) = value else {
                throw GraphError(.invalid, "a sequence of maps")
            }
            return tensor
        }
    }

    /// The only output.
    static func one(
        _ name: String,
        _ imported: Int,
        _ inputs: [Tensor?],
        _ attributes: [String: GraphAttribute] = [:],
        limits: GraphLimits = .standard
    ) throws -> Tensor {
        try all(name, imported, inputs, attributes, limits: limits)[0]
    }
}

extension Tensor {
    static func floats(_ shape: [Int], _ values: [Float]) throws -> Tensor {
        try Tensor(shape: shape, .float(values))
    }

    static func ints(_ values: [Int64]) -> Tensor { Tensor(.int64(values)) }
}

/// Numbers that a seed repeats.
struct GraphRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
