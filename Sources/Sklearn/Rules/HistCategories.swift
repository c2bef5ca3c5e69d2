internal import Inference

/// The categorical columns of histogram gradient boosting.
///
/// Since 1.4 an encoder in front puts them first and numbers their categories.
struct HistCategories {
    /// The model's column for each column of the trees; empty when they are the same.
    private var columns: [Int] = []
    /// The known categories of each of the trees' columns, for those that have them.
    private var known: [Int: [UInt32]] = [:]
    private let featureCount: Int

    init(
        _ estimator: EstimatorAttributes,
        featureCount: Int,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        self.featureCount = featureCount
        guard let flags = try estimator.vector("is_categorical_"),
            flags.contains(where: { $0 != 0 })
        else { return }
        guard flags.count == featureCount else {
            throw .malformed("is_categorical_ of \(estimator.label) has \(flags.count) columns")
        }
        try readKnown(estimator)
        guard let preprocessor = try estimator.nested("_preprocessor") else { return }
        let categorical = flags.indices.filter { flags[$0] != 0 }
        columns = categorical + flags.indices.filter { flags[$0] == 0 }
        let tables = try encoderTables(preprocessor, count: categorical.count)
        var categories = [[Double]?](repeating: nil, count: featureCount)
        for (column, table) in zip(categorical, tables) { categories[column] = table }
        try model.charge(tables.reduce(0) { $0 + $1.count }, estimator)
        model.append(NumberCategories(categories: categories), columns: featureCount)
    }

    /// The model's column for a column of the trees; nil when there is none.
    func column(_ asked: Int) -> Int? {
        guard (0..<featureCount).contains(asked) else { return nil }
        return columns.isEmpty ? asked : columns[asked]
    }

    /// Eight words of the categories known of a column of the trees.
    func known(_ asked: Int) -> [UInt32]? { known[asked] }

    /// - Source: scikit-learn, _hist_gradient_boosting/binning.py, make_known_categories_bitsets.
    private mutating func readKnown(_ estimator: EstimatorAttributes) throws(SklearnError) {
        guard let mapper = try estimator.nested("_bin_mapper"),
            let flags = try mapper.vector("is_categorical_"), flags.count == featureCount
        else { throw .malformed("\(estimator.label) has no categories of its columns") }
        let thresholds = try mapper.sequence("bin_thresholds_", atMost: featureCount)
        guard thresholds.count == featureCount else {
            throw .malformed("\(estimator.label) has categories of \(thresholds.count) columns")
        }
        for (column, value) in thresholds.enumerated() where flags[column] != 0 {
            guard case .array(let array) = mapper.arena[value], array.count <= 256,
                let numbers = mapper.arena.numbers(array)
            else { throw .malformed("the categories of \(estimator.label) are no numbers") }
            var words = [UInt32](repeating: 0, count: 8)
            for number in numbers {
                guard number >= 0, number < Double(CategorySet.categoryCount) else {
                    throw .malformed("\(estimator.label) knows the category \(number)")
                }
                words[Int(number) / 32] |= 1 << UInt32(Int(number) % 32)
            }
            known[column] = words
        }
    }

    /// The categories of the ordinal encoder in the column transformer, column by column.
    private func encoderTables(
        _ preprocessor: EstimatorAttributes,
        count: Int
    ) throws(SklearnError) -> [[Double]] {
        for entry in try preprocessor.sequence("transformers_", atMost: 16) {
            guard case .tuple(let chain) = preprocessor.arena[entry],
                case let parts = try preprocessor.arena.items(chain, atMost: 4), parts.count == 3,
                preprocessor.arena.equals(parts[0], "encoder")
            else { continue }
            let encoder = try preprocessor.nested(parts[1], "transformers_")
            var tables: [[Double]] = []
            for value in try encoder.sequence("categories_", atMost: count) {
                guard case .array(let array) = encoder.arena[value], array.count <= 100_000,
                    let numbers = encoder.arena.numbers(array)
                else {
                    throw .unsupported(
                        "\(encoder.label) has categories that are not numbers; rows are numbers, "
                            + "so encode them before the model is fitted"
                    )
                }
                tables.append(numbers)
            }
            guard tables.count == count else { break }
            return tables
        }
        throw .malformed("\(preprocessor.label) has no encoder for \(count) columns")
    }
}
