/// Running sums along an axis.
enum CumSumOperator: GraphOperator {
    static let name = "CumSum"
    static let versions = [11, 14]
    static let widensHalves = true

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        guard let given = try call.tensor(1).integers().first else {
            throw GraphError(.shape, "the axis is missing")
        }
        let sums = Sums(
            lanes: Lanes(shape: input.shape, axis: try call.axis(given, rank: input.rank)),
            isExclusive: try call.flag("exclusive", default: false),
            isReversed: try call.flag("reverse", default: false)
        )
        let storage: TensorStorage
        switch input.storage {
        case .float(let values): storage = .float(sums.of(values, from: 0) { $0 + $1 })
        case .double(let values): storage = .double(sums.of(values, from: 0) { $0 + $1 })
        case .int64(let values): storage = .int64(sums.of(values, from: 0) { $0 &+ $1 })
        case .int32(let values): storage = .int32(sums.of(values, from: 0) { $0 &+ $1 })
        case .uint64(let values): storage = .uint64(sums.of(values, from: 0) { $0 &+ $1 })
        case .uint32(let values): storage = .uint32(sums.of(values, from: 0) { $0 &+ $1 })
        default: throw TypeMismatch.error(input)
        }
        return [.tensor(try Tensor(shape: input.shape, storage))]
    }

    private struct Sums {
        let lanes: Lanes
        let isExclusive: Bool
        let isReversed: Bool

        @inline(__always)
        func of<T>(_ values: [T], from zero: T, _ add: (T, T) -> T) -> [T] {
            var results = values
            for lane in 0..<(lanes.size == 0 ? 0 : lanes.count) {
                var sum = zero
                for index in 0..<lanes.size {
                    let turned = isReversed ? lanes.size - 1 - index : index
                    let position = lanes.start(lane) + turned * lanes.step
                    let next = add(sum, values[position])
                    results[position] = isExclusive ? sum : next
                    sum = next
                }
            }
            return results
        }
    }
}
