/// 1 where a number is above the threshold, else 0, in the input's type.
enum BinarizerOperator: MLOperator {
    static let name = "Binarizer"
    static let versions = [1]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let threshold = try call.float("threshold") ?? 0
        let storage: TensorStorage
        switch input.storage {
        case .float(let values): storage = .float(values.map { $0 > threshold ? 1 : 0 })
        case .double(let values):
            storage = .double(values.map { $0 > Double(threshold) ? 1 : 0 })
        case .int64(let values):
            storage = .int64(values.map { Double($0) > Double(threshold) ? 1 : 0 })
        case .int32(let values):
            storage = .int32(values.map { Double($0) > Double(threshold) ? 1 : 0 })
        default: throw TypeMismatch.error(input)
        }
        return [.tensor(try Tensor(shape: input.shape, storage))]
    }
}
