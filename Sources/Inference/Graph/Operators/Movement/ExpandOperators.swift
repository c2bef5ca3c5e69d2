/// A tensor repeated along its missing and unit axes.
enum ExpandOperator: GraphOperator {
    static let name = "Expand"
    static let versions = [8, 13]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let wanted = try call.tensor(1).integers()
        let shape = try Broadcast.shape(input.shape, wanted)
        _ = try call.count(of: shape)
        return [
            .tensor(try input.strided(shape, Broadcast.strides(of: input.shape, to: shape)))
        ]
    }
}

/// A tensor repeated whole along each axis.
enum TileOperator: GraphOperator {
    static let name = "Tile"
    static let versions = [6, 13]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let repeats = try call.tensor(1).integers()
        guard repeats.count == input.rank, repeats.allSatisfy({ $0 >= 0 }) else {
            throw GraphError(.shape, "repeats \(Tensor.text(repeats)) of \(input.rank) axes")
        }
        var shape: [Int] = []
        for (size, count) in zip(input.shape, repeats) {
            let (product, overflow) = size.multipliedReportingOverflow(by: count)
            guard !overflow else { throw GraphError(.limit, "an axis repeated \(count) times") }
            shape.append(product)
        }
        _ = try call.count(of: shape)
        // Each axis becomes two: the repetitions, which stand still, and the axis itself.
        let strides = input.strides
        let doubled = zip(repeats, input.shape).flatMap { [$0, $1] }
        let view = StridedView(shape: doubled, strides: strides.flatMap { [0, $0] })
        return [.tensor(try Tensor(shape: shape, try input.storage.applying(view)))]
    }
}
