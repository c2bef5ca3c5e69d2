/// Adds an axis that is 1 at the category of an element, else 0.
enum OneHotEncoderOperator: MLOperator {
    static let name = "OneHotEncoder"
    static let versions = [1]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try call.tensor(0)
        let allowsOthers = try call.flag("zeros", default: true)
        let positions: [Int?]
        let count: Int
        if case .string(let values) = input.storage {
            let categories = try call.strings("cats_strings") ?? []
            let table = Dictionary(
                zip(categories, categories.indices),
                uniquingKeysWith: { _, last in last }
            )
            count = categories.count
            positions = values.map { table[$0] }
        } else {
            let categories = try call.ints("cats_int64s") ?? []
            let table = Dictionary(
                zip(categories, categories.indices),
                uniquingKeysWith: { _, last in last }
            )
            count = categories.count
            positions = try input.doubles().map { value in
                // A number with a fraction belongs to the integer it is cut to.
                Int(exactly: value.rounded(.towardZero)).flatMap { table[$0] }
            }
        }
        guard count > 0 else { throw GraphError(.invalid, "there are no categories") }
        var results = [Float](
            repeating: 0,
            count: try call.count(of: input.shape + [count])
        )
        for (index, position) in positions.enumerated() {
            guard let position else {
                guard allowsOthers else {
                    throw GraphError(.shape, "element \(index) has none of the categories")
                }
                continue
            }
            results[index * count + position] = 1
        }
        return [.tensor(try Tensor(shape: input.shape + [count], .float(results)))]
    }
}
