/// Turns a row of scores into a map from label to score.
enum ZipMapOperator: MLOperator {
    static let name = "ZipMap"
    static let versions = [1]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let labels = try MLLabels(
            call,
            integers: "classlabels_int64s",
            strings: "classlabels_strings"
        )
        let width = input.rank == 0 ? 1 : input.shape[input.rank - 1]
        let rows = input.rank >= 2 ? input.shape.dropLast().reduce(1, *) : 1
        guard labels.count == width else {
            throw GraphError(.shape, "\(labels.count) labels for \(width) columns")
        }
        let keys: MapSequence.Keys
        switch labels {
        case .integers(let values): keys = .integers(values)
        case .strings(let values): keys = .strings(values)
        }
        return [
            .maps(try MapSequence(keys: keys, rowCount: rows, values: try input.floats()))
        ]
    }
}
