internal import Inference

/// How much thinner the neighbourhood of a row is than those of its neighbours.
enum LocalOutlierFactorRule: EstimatorRule {
    static let package: StaticString = "sklearn.neighbors"
    static let classNames: [StaticString] = ["LocalOutlierFactor"]
    static let role = EstimatorRole.final

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        guard estimator.flag("novelty", default: false) else {
            throw .unsupported(
                "\(estimator.label) has novelty=False, which cannot score new rows; fit it with "
                    + "novelty=True"
            )
        }
        try estimator.requireFitted("_lrd")
        let (points, order) = try TrainingData.read(estimator, into: &model)
        guard let densities = try estimator.vector("_lrd"),
            let (distances, shape) = try estimator.matrix("_distances_fit_X_"), shape.rank == 2,
            let offset = try estimator.number("offset_")
        else {
            throw .malformed("\(estimator.label) has no _lrd, _distances_fit_X_ or offset_")
        }
        let neighbours = try TrainingData.neighbours(estimator, "n_neighbors_", of: order.count)
        guard densities.count == order.count, shape.rows == order.count,
            shape.columns >= neighbours
        else {
            throw .malformed(
                "\(estimator.label) has \(densities.count) densities and \(shape.rows) x "
                    + "\(shape.columns) distances for \(order.count) training rows"
            )
        }
        try model.charge(2 * order.count, estimator)
        let stage = LocalOutlierFactor(
            points: points,
            neighbourCount: neighbours,
            offset: offset,
            densities: order.map { densities[$0] },
            reaches: order.map { distances[$0 * shape.columns + neighbours - 1] }
        )
        model.append(stage, columns: 1)
        model.finish("local_outlier_factor", .belowZeroIsAnomaly)
    }
}

/// The mean or the vote of the nearest training rows.
enum NearestNeighboursRule: EstimatorRule {
    static let package: StaticString = "sklearn.neighbors"
    static let classNames: [StaticString] = ["KNeighborsClassifier", "KNeighborsRegressor"]
    static let role = EstimatorRole.final

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try estimator.requireFitted("_fit_X")
        let isWeighted =
            estimator.isNone("weights")
            ? false
            : try estimator.choice("weights", [("uniform", false), ("distance", true)])
        let (points, order) = try TrainingData.read(estimator, into: &model)
        guard let (targets, shape) = try estimator.matrix("_y") else {
            throw .malformed("\(estimator.label) has no _y")
        }
        let isClassifier = estimator.step.className == "KNeighborsClassifier"
        guard shape.columns == 1, shape.rank == 1 || !isClassifier else {
            throw .unsupported("\(estimator.label) has several outputs; supported: one")
        }
        guard targets.count == order.count else {
            throw .malformed(
                "\(estimator.label) has \(targets.count) targets for \(order.count) training rows"
            )
        }
        let labels = isClassifier ? try labels(estimator) : []
        if isClassifier, labels.isEmpty { throw .malformed("\(estimator.label) has no classes") }
        for target in targets where isClassifier {
            guard target >= 0, target < Double(labels.count), target == target.rounded() else {
                throw .malformed(
                    "_y of \(estimator.label) holds \(target) for \(labels.count) classes"
                )
            }
        }
        try model.charge(order.count, estimator)
        let stage = NearestNeighbours(
            points: points,
            neighbourCount: try TrainingData.neighbours(
                estimator,
                "n_neighbors",
                of: order.count
            ),
            isWeighted: isWeighted,
            classCount: labels.count,
            targets: order.map { targets[$0] }
        )
        guard isClassifier else {
            model.append(stage, columns: 1)
            model.finish("k_neighbors_regressor", .value)
            return
        }
        model.append(stage, columns: 2)
        model.finish(
            "k_neighbors_classifier",
            ModelHead(label: .index(column: 1), labels: labels)
        )
    }

    private static func labels(
        _ estimator: EstimatorAttributes
    ) throws(SklearnError) -> [String] {
        let arena = estimator.arena
        guard let value = estimator.find("classes_"), case .array(let array) = arena[value],
            array.rank == 1
        else {
            throw .unsupported(
                "\(estimator.label) has several outputs or no classes_; supported: one output"
            )
        }
        guard array.count <= ModelLimits.labelCountMax else {
            throw .limit("\(estimator.label) has \(array.count) classes")
        }
        if array.element.kind == UInt8(ascii: "b"), let flags = arena.numbers(array) {
            return flags.map { $0 == 0 ? "False" : "True" }
        }
        if let numbers = arena.numbers(array) {
            let isWhole = array.element.kind != UInt8(ascii: "f")
            return numbers.map { number in
                guard isWhole, let whole = Int(exactly: number) else { return "\(number)" }
                return "\(whole)"
            }
        }
        if let texts = try arena.texts(array, atMost: ModelLimits.labelCountMax) { return texts }
        throw .unsupported("classes_ of \(estimator.label) are neither numbers nor texts")
    }
}
