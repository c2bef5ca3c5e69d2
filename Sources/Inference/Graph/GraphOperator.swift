/// One operator of the standard, all its since-versions.
///
/// Adding one takes this type in a file of its own, a line in a list of the registry, and a test.
package protocol GraphOperator: Sendable {
    /// Empty for the tensor operators, `ai.onnx.ml` for those of machine learning.
    static var domain: String { get }
    static var name: String { get }
    /// Since-versions, ascending and without a gap from the oldest that is implemented.
    static var versions: [Int] { get }
    /// Whether 16-bit floating-point inputs are to arrive as, and outputs be rounded from, 32 bits.
    static var widensHalves: Bool { get }

    /// The outputs in the standard's order; may have more or fewer than the node asks for.
    ///
    /// - Throws: `GraphError` without the node's name, which the caller puts in front.
    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue]
}

extension GraphOperator {
    package static var domain: String { "" }
    package static var widensHalves: Bool { false }
}

/// An operator of the `ai.onnx.ml` domain.
package protocol MLOperator: GraphOperator {}

extension MLOperator {
    package static var domain: String { "ai.onnx.ml" }
}
