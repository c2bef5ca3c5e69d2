/// Texts to integers, and back, by two lists of the same length.
enum CategoryMapperOperator: MLOperator {
    static let name = "CategoryMapper"
    static let versions = [1]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let texts = try call.strings("cats_strings") ?? []
        let integers = (try call.ints("cats_int64s") ?? []).map { Int64($0) }
        guard texts.count == integers.count else {
            throw GraphError(.invalid, "\(texts.count) texts and \(integers.count) integers")
        }
        if case .string(let values) = input.storage {
            let fallback = Int64(try call.int("default_int64", default: -1))
            let table = Dictionary(zip(texts, integers), uniquingKeysWith: { _, last in last })
            return [
                .tensor(
                    try Tensor(shape: input.shape, .int64(values.map { table[$0] ?? fallback }))
                )
            ]
        }
        let fallback = try call.string("default_string") ?? "_Unused"
        let table = Dictionary(zip(integers, texts), uniquingKeysWith: { _, last in last })
        let results = try input.integers().map { table[Int64($0)] ?? fallback }
        return [.tensor(try Tensor(shape: input.shape, .string(results)))]
    }
}
