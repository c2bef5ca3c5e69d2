/// What flows between nodes: a tensor, or the maps a classifier ends in.
public enum GraphValue: Sendable, Equatable {
    case tensor(Tensor)
    case maps(MapSequence)

    /// Elements, for the limits of a run.
    var elementCount: Int {
        switch self {
        case .tensor(let tensor): tensor.count
        case .maps(let maps): maps.values.count
        }
    }
}

/// A sequence of maps that all have the same keys, one map a row.
public struct MapSequence: Sendable, Equatable {
    /// The keys of every map, in order.
    public enum Keys: Sendable, Equatable {
        case integers([Int64])
        case strings([String])

        public var count: Int {
            switch self {
            case .integers(let keys): keys.count
            case .strings(let keys): keys.count
            }
        }
    }

    public let keys: Keys
    public let rowCount: Int
    /// Shape: rows x keys.
    public let values: [Float]

    /// The maps of a matrix with a column for each key.
    ///
    /// - Throws: `GraphError` if the counts do not fit.
    public init(keys: Keys, rowCount: Int, values: [Float]) throws(GraphError) {
        let (count, overflow) = rowCount.multipliedReportingOverflow(by: keys.count)
        guard !overflow, rowCount >= 0, count == values.count else {
            throw GraphError(
                .shape,
                "\(values.count) values do not make \(rowCount) maps of \(keys.count) keys"
            )
        }
        self.keys = keys
        self.rowCount = rowCount
        self.values = values
    }
}
