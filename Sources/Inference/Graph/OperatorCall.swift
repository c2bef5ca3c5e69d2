/// What an operator is evaluated on: the node, its inputs, and the run's limits.
package struct OperatorCall {
    package let node: GraphNode
    /// Nil where an optional input is left out; may be shorter than the operator's list.
    package let inputs: [GraphValue?]
    /// What the run may still spend.
    package let meter: WorkMeter

    package init(node: GraphNode, inputs: [GraphValue?], meter: WorkMeter) {
        self.node = node
        self.inputs = inputs
        self.meter = meter
    }

    package var version: Int { node.version }
    package var limits: GraphLimits { meter.limits }

    /// An input that the operator needs.
    ///
    /// - Throws: `GraphError` if it is left out or no tensor.
    package func tensor(_ index: Int) throws(GraphError) -> Tensor {
        guard let tensor = try optionalTensor(index) else {
            throw GraphError(.invalid, "input \(index) is missing")
        }
        return tensor
    }

    /// An input that may be left out.
    ///
    /// - Throws: `GraphError` if it is no tensor.
    package func optionalTensor(_ index: Int) throws(GraphError) -> Tensor? {
        guard index < inputs.count, let value = inputs[index] else { return nil }
        guard case .tensor(let tensor) = value else {
            throw GraphError(.shape, "input \(index) is a sequence of maps, not a tensor")
        }
        return tensor
    }

    /// All inputs of an operator that takes any number.
    ///
    /// - Throws: `GraphError` if there is none or one is no tensor.
    package func tensors() throws(GraphError) -> [Tensor] {
        var all: [Tensor] = []
        for index in inputs.indices { all.append(try tensor(index)) }
        guard !all.isEmpty else { throw GraphError(.invalid, "there is no input") }
        return all
    }

    /// The element count of a shape that an output is to have.
    ///
    /// - Throws: `GraphError` beyond the limits; ask before allocating.
    package func count(of shape: [Int]) throws(GraphError) -> Int {
        try Tensor.elementCount(of: shape, limits: limits)
    }

    /// An axis that may be negative, as a position from the front.
    ///
    /// - Throws: `GraphError` if the rank has no such axis.
    package func axis(_ axis: Int, rank: Int) throws(GraphError) -> Int {
        let position = axis < 0 ? axis + rank : axis
        guard axis >= -rank, position < rank else {
            throw GraphError(.shape, "axis \(axis) of a tensor of rank \(rank)")
        }
        return position
    }
}

/// What a run has spent; shared by all calls of the run and of its sub-graphs.
package final class WorkMeter {
    /// What a node costs by itself, in steps.
    static let nodeSteps = 512

    package let limits: GraphLimits
    private var work = 0

    package init(limits: GraphLimits = .standard) { self.limits = limits }

    /// Takes elementary steps, such as multiplications, from what is left.
    ///
    /// - Throws: `GraphError` when the limit is reached.
    package func spend(_ steps: Int, times: Int = 1) throws(GraphError) {
        let (product, overflow) = steps.multipliedReportingOverflow(by: times)
        guard !overflow, product >= 0, product <= limits.workMax - work else {
            throw GraphError(.limit, "the run needs more than \(limits.workMax) steps")
        }
        work += product
    }
}
