/// A graph whose nodes and constants know each other by name, as a file has it.
public struct GraphSource: Sendable {
    /// One node, before its values are numbered.
    public struct Node: Sendable {
        public var domain: String
        public var operatorName: String
        /// The version of the domain that the file imports where the node stands.
        public var imported: Int
        public var name: String
        /// Empty names are inputs or outputs left out.
        public var inputs: [String]
        public var outputs: [String]
        public var attributes: [String: GraphAttribute]
        public var graphs: [String: GraphSource]

        public init(
            domain: String = "",
            operatorName: String,
            imported: Int,
            name: String = "",
            inputs: [String],
            outputs: [String],
            attributes: [String: GraphAttribute] = [:],
            graphs: [String: GraphSource] = [:]
        ) {
            self.domain = domain
            self.operatorName = operatorName
            self.imported = imported
            self.name = name
            self.inputs = inputs
            self.outputs = outputs
            self.attributes = attributes
            self.graphs = graphs
        }
    }

    public var inputs: [GraphPort] = []
    public var outputs: [GraphPort] = []
    public var initializers: [(name: String, tensor: Tensor)] = []
    public var nodes: [Node] = []

    public init() {}
}
