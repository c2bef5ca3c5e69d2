/// The class labels of a classifier.
enum MLLabels: Equatable {
    case integers([Int64])
    case strings([String])

    /// The labels under two attribute names; no labels at all count from 0.
    ///
    /// - Throws: `GraphError` when the attributes have another kind.
    init(_ call: OperatorCall, integers: String, strings: String) throws(GraphError) {
        if let names = try call.strings(strings), !names.isEmpty {
            self = .strings(names)
        } else {
            self = .integers((try call.ints(integers) ?? []).map { Int64($0) })
        }
    }

    var count: Int {
        switch self {
        case .integers(let labels): labels.count
        case .strings(let labels): labels.count
        }
    }

    /// The labels of class numbers as a tensor; classes without a label give their number.
    ///
    /// - Throws: `GraphError` when a class has no text.
    func tensor(_ classes: [Int]) throws(GraphError) -> GraphValue {
        switch self {
        case .integers(let labels):
            return .tensor(
                Tensor(
                    .int64(
                        classes.map { labels.indices.contains($0) ? labels[$0] : Int64($0) }
                    )
                )
            )
        case .strings(let labels):
            var texts: [String] = []
            texts.reserveCapacity(classes.count)
            for index in classes {
                guard labels.indices.contains(index) else {
                    throw GraphError(.invalid, "class \(index) has no label")
                }
                texts.append(labels[index])
            }
            return .tensor(Tensor(.string(texts)))
        }
    }

    /// The first of the largest numbers; a NaN in front stays the largest.
    static func largest(_ row: ArraySlice<Float>) -> Int {
        var best = row.startIndex
        for index in row.indices.dropFirst() where row[index] > row[best] { best = index }
        return best - row.startIndex
    }
}
