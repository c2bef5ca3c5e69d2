/// A reduction of a tensor along some of its axes.
protocol ReduceOperator: GraphOperator {
    /// The first version in which the axes are an input.
    static var axesInputVersion: Int { get }
    static func reduce<T: GraphFloat>(_ values: [T], _ plan: ReducePlan) -> [T]
    /// - Throws: `GraphError` for reductions that are for floating-point numbers only.
    static func reduce<T: FixedWidthInteger>(
        _ values: [T],
        _ plan: ReducePlan
    ) throws(GraphError) -> [T]
}

extension ReduceOperator {
    static var axesInputVersion: Int { 18 }
    static var versions: [Int] { [1, 11, 13, 18] }
    static var widensHalves: Bool { true }

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let given =
            call.version < axesInputVersion
            ? try call.ints("axes") : try call.optionalTensor(1)?.integers()
        var axes: Set<Int> = []
        for axis in given ?? [] { axes.insert(try call.axis(axis, rank: input.rank)) }
        if axes.isEmpty, try !call.flag("noop_with_empty_axes", default: false) {
            axes = Set(input.shape.indices)
        }
        let plan = try ReducePlan(
            shape: input.shape,
            axes: axes,
            keepsAxes: try call.flag("keepdims", default: true),
            limits: call.limits
        )
        let storage: TensorStorage
        switch input.storage {
        case .float(let values): storage = .float(reduce(values, plan))
        case .double(let values): storage = .double(reduce(values, plan))
        case .int64(let values): storage = .int64(try reduce(values, plan))
        case .int32(let values): storage = .int32(try reduce(values, plan))
        case .uint64(let values): storage = .uint64(try reduce(values, plan))
        case .uint32(let values): storage = .uint32(try reduce(values, plan))
        case .int8(let values): storage = .int8(try reduce(values, plan))
        case .uint8(let values): storage = .uint8(try reduce(values, plan))
        case .bool(let values):
            // Largest and smallest take booleans: as 0 and 1 they say "any" and "all".
            let numbers = try reduce(values.map { Int8($0 ? 1 : 0) }, plan)
            storage = .bool(numbers.map { $0 > 0 })
        default: throw TypeMismatch.error(input)
        }
        return [.tensor(try Tensor(shape: plan.shape, storage))]
    }
}

/// Which elements of a tensor meet in which element of its reduction.
struct ReducePlan {
    /// The shape of the result.
    let shape: [Int]
    /// Elements that meet in one.
    let groupSize: Int
    let count: Int
    private let inputCount: Int
    private let sizes: [Int]
    private let strides: [Int]

    /// - Throws: `GraphError` if the result exceeds the limits.
    init(
        shape input: [Int],
        axes: Set<Int>,
        keepsAxes: Bool,
        limits: GraphLimits
    ) throws(GraphError) {
        let kept = input.indices.map { axes.contains($0) ? 1 : input[$0] }
        shape = keepsAxes ? kept : input.indices.filter { !axes.contains($0) }.map { input[$0] }
        count = try Tensor.elementCount(of: shape, limits: limits)
        inputCount = try Tensor.elementCount(of: input, limits: limits)
        groupSize = axes.reduce(1) { $0 * input[$1] }
        // Neighbouring axes that are both reduced, or both kept, are one.
        let target = Tensor.strides(of: kept)
        var merged: (sizes: [Int], strides: [Int], isReduced: [Bool]) = ([], [], [])
        for axis in input.indices where input[axis] != 1 {
            let isReduced = axes.contains(axis)
            if let last = merged.sizes.indices.last, merged.isReduced[last] == isReduced {
                merged.sizes[last] *= input[axis]
                merged.strides[last] = isReduced ? 0 : target[axis]
            } else {
                merged.sizes.append(input[axis])
                merged.strides.append(isReduced ? 0 : target[axis])
                merged.isReduced.append(isReduced)
            }
        }
        sizes = merged.sizes
        strides = merged.strides
    }

    /// Folds every group from a start; inlined, so that the closure costs nothing.
    ///
    /// The step gets the result's position too.
    @inline(__always)
    func fold<T, A>(_ values: [T], from start: A, _ step: (A, T, Int) -> A) -> [A] {
        var results = [A](repeating: start, count: count)
        guard inputCount > 0 else { return results }
        results.withUnsafeMutableBufferPointer { results in
            values.withUnsafeBufferPointer { values in
                var walk = RowWalk(sizes: sizes, leftStrides: strides, rightStrides: strides)
                var position = 0
                while position < inputCount {
                    let target = walk.left
                    if walk.leftStep == 0 {
                        var result = results[target]
                        for index in position..<position + walk.width {
                            result = step(result, values[index], target)
                        }
                        results[target] = result
                    } else {
                        for index in 0..<walk.width {
                            results[target + index] = step(
                                results[target + index],
                                values[position + index],
                                target + index
                            )
                        }
                    }
                    position += walk.width
                    walk.advance()
                }
            }
        }
        return results
    }
}
