/// One operation of a graph, its operator resolved to a since-version.
public struct GraphNode: Sendable, Equatable {
    /// Empty for the tensor operators, `ai.onnx.ml` for those of machine learning.
    public var domain: String
    public var operatorName: String
    /// The since-version whose rules apply.
    public var version: Int
    /// The file's name for it; may be empty.
    public var name: String
    public var attributes: [String: GraphAttribute]
    /// Value ids; -1 where an optional input is left out.
    public var inputs: [Int]
    /// Value ids; -1 where an optional output is left out.
    public var outputs: [Int]

    public init(
        domain: String = "",
        operatorName: String,
        version: Int,
        name: String = "",
        attributes: [String: GraphAttribute] = [:],
        inputs: [Int],
        outputs: [Int]
    ) {
        self.domain = domain
        self.operatorName = operatorName
        self.version = version
        self.name = name
        self.attributes = attributes
        self.inputs = inputs
        self.outputs = outputs
    }

    /// `ai.onnx.ml.Scaler-1`, for messages.
    var operatorText: String {
        "\(domain.isEmpty ? "ai.onnx" : domain).\(operatorName)-\(version)"
    }
}
