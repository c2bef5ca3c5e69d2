/// The numeric input of a machine-learning operator: rows of columns.
struct MLMatrix {
    let rows: Int
    let columns: Int
    /// Shape: rows x columns, row-major; 32-bit numbers are widened, which changes none.
    let values: [Double]
    /// The output shape that keeps the input's rank.
    let shape: [Int]

    /// Input 0 of a call; a tensor of rank 1 is one row, ranks beyond 2 are flattened.
    ///
    /// - Throws: `GraphError` for types that the standard does not allow here.
    init(_ call: OperatorCall) throws(GraphError) {
        let tensor = try call.tensor(0)
        switch tensor.type {
        case .float, .double, .int64, .int32: break
        default:
            throw GraphError(
                .shape,
                "the input has elements of type \(tensor.type.name), "
                    + "not float, double, int64 or int32"
            )
        }
        values = try tensor.doubles()
        shape = tensor.shape
        rows = tensor.rank >= 2 ? tensor.shape[0] : 1
        columns = tensor.rank >= 2 ? tensor.shape.dropFirst().reduce(1, *) : tensor.count
        try call.meter.spend(values.count)
    }
}

/// Reads and checks that several operators share.
enum MLChecks {
    /// As many numbers as the columns, or one for all of them.
    ///
    /// - Throws: `GraphError` naming the attribute.
    static func perColumn(
        _ values: [Float],
        _ columns: Int,
        _ name: String
    ) throws(GraphError) -> [Float] {
        if values.count == columns { return values }
        guard values.count == 1 else {
            throw GraphError(
                .invalid,
                "attribute \(name) has \(values.count) numbers for \(columns) columns"
            )
        }
        return [Float](repeating: values[0], count: columns)
    }

    /// A float result, rounded once.
    ///
    /// - Throws: `GraphError` beyond the limits.
    static func floats(
        _ values: [Double],
        shape: [Int],
        _ call: OperatorCall
    ) throws(GraphError) -> GraphValue {
        .tensor(
            try Tensor(shape: shape, .float(values.map { Float($0) }), limits: call.limits)
        )
    }

    /// The product of sizes that an operator is about to allocate.
    ///
    /// - Throws: `GraphError` beyond the limits.
    static func count(_ sizes: [Int], _ call: OperatorCall) throws(GraphError) -> Int {
        try call.count(of: sizes)
    }
}
