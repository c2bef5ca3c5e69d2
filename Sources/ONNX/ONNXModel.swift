public import Inference

/// What an ONNX file holds: a graph that can be run, and what the file says about itself.
public struct ONNXModel: Sendable, Equatable {
    public var program: GraphProgram
    /// The file's own key-value pairs.
    public var metadata: [String: String]
    /// The exporter: `skl2onnx 1.19.1`; empty if the file does not say.
    public var producer: String
    /// The imported version of each domain; the tensor operators' domain is empty.
    public var imports: [String: Int]

    public init(
        program: GraphProgram,
        metadata: [String: String] = [:],
        producer: String = "",
        imports: [String: Int] = [:]
    ) {
        self.program = program
        self.metadata = metadata
        self.producer = producer
        self.imports = imports
    }

    /// Columns of each input: the last size of a matrix, 1 for a list; nil where it is open.
    public var inputFeatureCounts: [Int?] {
        program.inputs.map { input in
            guard let shape = input.shape, let last = shape.last else { return nil }
            if shape.count == 1 { return 1 }
            return last < 0 ? nil : last
        }
    }

    /// Columns of all inputs together; nil if one is open.
    public var featureCount: Int? {
        var sum = 0
        for count in inputFeatureCounts {
            guard let count else { return nil }
            let (next, overflow) = sum.addingReportingOverflow(count)
            guard !overflow else { return nil }
            sum = next
        }
        return sum
    }

    public var outputNames: [String] { program.outputs.map(\.name) }
}
