/// A loop over slices of tensors that carries states along and stacks what each pass makes.
enum ScanOperator: GraphOperator {
    static let name = "Scan"
    static let versions = [8, 9, 11, 16, 19, 21, 23, 24, 25]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        guard call.version > 8 else { return try BatchedScan.evaluate(call) }
        let plan = try ScanPlan(call)
        if let distances = try ScanDistances.evaluate(plan, call) { return distances }
        var states = plan.states
        var stacks = [[Tensor]](repeating: [], count: plan.outputAxes.count)
        // Without a slice, one pass over zeros tells the shapes of the empty outputs.
        for pass in 0..<max(plan.length, 1) {
            var arguments = states
            for index in plan.scanned.indices {
                arguments.append(.tensor(try plan.slice(index, pass)))
            }
            let results = try plan.body.run(arguments + plan.captured, meter: call.meter)
            if plan.length > 0 { states = Array(results[..<states.count]) }
            for (index, result) in results[states.count...].enumerated() {
                guard case .tensor(let tensor) = result else {
                    throw GraphError(.unsupported, "the body makes a sequence of maps")
                }
                stacks[index].append(tensor)
            }
        }
        var outputs = states
        for (index, stack) in stacks.enumerated() {
            outputs.append(.tensor(try plan.stacked(stack, index)))
        }
        return outputs
    }
}

/// What one scan loops over, read from its node and checked.
struct ScanPlan {
    let body: GraphProgram
    let states: [GraphValue]
    let scanned: [Tensor]
    let captured: [GraphValue]
    /// The number of passes.
    let length: Int
    let outputAxes: [Int]
    private let inputAxes: [Int]
    private let isInputReversed: [Bool]
    private let isOutputReversed: [Bool]
    private let limits: GraphLimits

    /// - Throws: `GraphError` if inputs, body and attributes do not fit.
    init(_ call: OperatorCall) throws(GraphError) {
        guard case .graph(let body) = call.attribute("body"),
            let scanCount = try call.int("num_scan_inputs")
        else { throw GraphError(.invalid, "attribute body or num_scan_inputs is missing") }
        var given: [GraphValue] = []
        for input in call.inputs {
            guard let input else { throw GraphError(.invalid, "an input is left out") }
            given.append(input)
        }
        let stateCount = body.inputs.count - scanCount
        let outputCount = body.outputs.count - stateCount
        guard scanCount > 0, stateCount >= 0, outputCount >= 0,
            given.count == body.inputs.count + body.captured.count
        else { throw GraphError(.invalid, "the inputs do not fit the body") }
        self.body = body
        limits = call.limits
        states = Array(given[..<stateCount])
        captured = Array(given[body.inputs.count...])
        var scanned: [Tensor] = []
        for index in stateCount..<body.inputs.count { scanned.append(try call.tensor(index)) }
        self.scanned = scanned
        var axes: [Int] = []
        var length: Int?
        let givenAxes = try ScanPlan.list("scan_input_axes", scanCount, call)
        for (tensor, axis) in zip(scanned, givenAxes) {
            axes.append(try call.axis(axis, rank: tensor.rank))
            let size = tensor.shape[axes[axes.count - 1]]
            guard length ?? size == size else {
                throw GraphError(.shape, "scanned axes of sizes \(length ?? 0) and \(size)")
            }
            length = size
        }
        inputAxes = axes
        self.length = length ?? 0
        outputAxes = try ScanPlan.list("scan_output_axes", outputCount, call)
        isInputReversed = try ScanPlan.list("scan_input_directions", scanCount, call)
            .map { $0 != 0 }
        isOutputReversed = try ScanPlan.list("scan_output_directions", outputCount, call)
            .map { $0 != 0 }
    }

    private static func list(
        _ name: String,
        _ count: Int,
        _ call: OperatorCall
    ) throws(GraphError) -> [Int] {
        guard let values = try call.ints(name) else { return [Int](repeating: 0, count: count) }
        guard values.count == count else {
            throw GraphError(.invalid, "attribute \(name) has \(values.count) values, not \(count)")
        }
        return values
    }

    /// Whether every axis is the first and every direction forward.
    var isPlain: Bool {
        inputAxes.allSatisfy { $0 == 0 } && outputAxes.allSatisfy { $0 == 0 }
            && !isInputReversed.contains(true) && !isOutputReversed.contains(true)
    }

    /// What a pass sees of a scanned tensor; zeros if there is no slice at all.
    ///
    /// - Throws: `GraphError` if the slice exceeds the limits.
    func slice(_ index: Int, _ pass: Int) throws(GraphError) -> Tensor {
        let (tensor, axis) = (scanned[index], inputAxes[index])
        var shape = tensor.shape
        shape.remove(at: axis)
        guard length > 0 else {
            let count = try Tensor.elementCount(of: shape, limits: limits)
            let zeros = try NumberCast.cast(
                .uint8([UInt8](repeating: 0, count: count)),
                to: tensor.type
            )
            return try Tensor(shape: shape, zeros)
        }
        let start = isInputReversed[index] ? length - 1 - pass : pass
        return try tensor.part(axis: axis, start: start, count: 1).reshaped(shape)
    }

    /// The results of all passes along a new axis.
    ///
    /// - Throws: `GraphError` if their shapes differ or the whole exceeds the limits.
    func stacked(_ results: [Tensor], _ index: Int) throws(GraphError) -> Tensor {
        let rank = results[0].rank + 1
        let given = outputAxes[index]
        let axis = given < 0 ? given + rank : given
        guard axis >= 0, axis < rank else { throw GraphError(.shape, "output axis \(given)") }
        var slices: [Tensor] = []
        for result in isOutputReversed[index] ? results.reversed() : results {
            var shape = result.shape
            shape.insert(1, at: axis)
            slices.append(try result.reshaped(shape))
        }
        let whole = try ConcatOperator.joined(slices, axis: axis, limits: limits)
        return length > 0 ? whole : try whole.part(axis: axis, start: 0, count: 0)
    }
}
