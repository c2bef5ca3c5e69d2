/// Replaces one value (often NaN) by a number a column, or by one for all.
enum ImputerOperator: MLOperator {
    static let name = "Imputer"
    static let versions = [1]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let columns = input.rank == 0 ? 1 : input.shape[input.rank - 1]
        let storage: TensorStorage
        switch input.storage {
        case .float(let values):
            let (replaced, imputed) = try numbers(call, columns)
            storage = .float(replacing(replaced, in: values, by: imputed))
        case .double(let values):
            let (replaced, imputed) = try numbers(call, columns)
            storage = .double(
                replacing(Double(replaced), in: values, by: imputed.map { Double($0) })
            )
        case .int64(let values):
            let (replaced, imputed) = try integers(call, columns)
            storage = .int64(replacing(replaced, in: values, by: imputed))
        case .int32(let values):
            let (replaced, imputed) = try integers(call, columns)
            storage = .int32(
                replacing(
                    Int32(truncatingIfNeeded: replaced),
                    in: values,
                    by: imputed.map { Int32(truncatingIfNeeded: $0) }
                )
            )
        default: throw TypeMismatch.error(input)
        }
        return [.tensor(try Tensor(shape: input.shape, storage))]
    }

    private static func numbers(
        _ call: OperatorCall,
        _ columns: Int
    ) throws(GraphError) -> (Float, [Float]) {
        let imputed = try MLChecks.perColumn(
            try call.floats("imputed_value_floats") ?? [],
            columns,
            "imputed_value_floats"
        )
        return (try call.float("replaced_value_float") ?? 0, imputed)
    }

    private static func integers(
        _ call: OperatorCall,
        _ columns: Int
    ) throws(GraphError) -> (Int64, [Int64]) {
        let values = try call.ints("imputed_value_int64s") ?? []
        guard values.count == columns || values.count == 1 else {
            throw GraphError(
                .invalid,
                "attribute imputed_value_int64s has \(values.count) numbers for \(columns) columns"
            )
        }
        let all =
            values.count == columns
            ? values : [Int](repeating: values[0], count: columns)
        return (Int64(try call.int("replaced_value_int64", default: 0)), all.map { Int64($0) })
    }

    private static func replacing<T: Numeric & Equatable>(
        _ replaced: T,
        in values: [T],
        by imputed: [T]
    ) -> [T] {
        // Only NaN differs from itself.
        let replacesMissing = replaced != replaced
        return values.indices.map { index in
            let value = values[index]
            let isReplaced = replacesMissing ? value != value : value == replaced
            return isReplaced ? imputed[index % imputed.count] : value
        }
    }
}
