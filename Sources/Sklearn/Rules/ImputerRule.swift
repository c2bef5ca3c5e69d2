internal import Inference

/// The fill values of an imputer; columns that it never saw a value of are dropped.
enum ImputerRule: EstimatorRule {
    static let package: StaticString = "sklearn"
    /// `Imputer` is what it was called before 0.20.
    static let classNames: [StaticString] = ["SimpleImputer", "Imputer"]
    static let role = EstimatorRole.transformer

    /// - Source: scikit-learn, impute/_base.py, SimpleImputer.transform; preprocessing/
    ///   imputation.py, Imputer.transform.
    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        let isOld = estimator.step.className == "Imputer"
        if isOld, try estimator.number("axis") ?? 0 != 0 {
            throw .unsupported("\(estimator.label) has axis=1; supported: axis=0")
        }
        try estimator.requireFitted("statistics_")
        guard let statistics = try estimator.anyNumbers("statistics_") else {
            throw .malformed("\(estimator.label) has no statistics_")
        }
        try model.take(statistics.count, estimator)
        let keepsAll = keepsEmptyColumns(estimator)
        let kept = statistics.indices.filter { keepsAll || !statistics[$0].isNaN }
        let fill = kept.map { statistics[$0] }
        if let bad = fill.first(where: { !$0.isFinite }) {
            throw .unsupported("\(estimator.label) fills missing values with \(bad)")
        }
        let indicators = try indicators(estimator, below: statistics.count)
        let stage = Impute(
            marker: try marker(estimator),
            takesNaN: isOld,
            kept: kept,
            fill: fill,
            indicators: indicators
        )
        try model.charge(2 * kept.count + indicators.count, estimator)
        guard kept.count + indicators.count > 0 else {
            throw .malformed("\(estimator.label) saw no value in any column")
        }
        model.append(stage, columns: kept.count + indicators.count)
    }

    /// Before 1.8 a constant kept every column, whatever `keep_empty_features` said.
    private static func keepsEmptyColumns(_ estimator: EstimatorAttributes) -> Bool {
        if estimator.flag("keep_empty_features", default: false) { return true }
        return estimator.text("strategy") == "constant"
            && estimator.version < SklearnVersion(major: 1, minor: 8)
    }

    private static func marker(_ estimator: EstimatorAttributes) throws(SklearnError) -> Double {
        guard let value = estimator.find("missing_values") else { return .nan }
        switch estimator.arena[value] {
        case .int(let number): return Double(number)
        case .float(let number) where !number.isInfinite: return number
        case .text where estimator.arena.equals(value, "NaN"): return .nan
        default:
            throw .unsupported(
                "missing_values of \(estimator.label) is a \(estimator.arena[value].typeName); "
                    + "supported: NaN or a finite number"
            )
        }
    }

    private static func indicators(
        _ estimator: EstimatorAttributes,
        below count: Int
    ) throws(SklearnError) -> [Int] {
        guard estimator.flag("add_indicator", default: false),
            let indicator = try estimator.nested("indicator_")
        else { return [] }
        guard let features = try indicator.vector("features_") else {
            throw .malformed("\(indicator.label) has no features_")
        }
        return try indicator.indexes(features, below: count, "features_")
    }
}

extension EstimatorAttributes {
    /// Numbers that are indexes of columns.
    func indexes(
        _ numbers: [Double],
        below count: Int,
        _ name: StaticString
    ) throws(SklearnError) -> [Int] {
        var result: [Int] = []
        result.reserveCapacity(numbers.count)
        for number in numbers {
            guard let index = Int(exactly: number), (0..<count).contains(index) else {
                throw .malformed("\(name) of \(label) holds \(number) for \(count) columns")
            }
            result.append(index)
        }
        return result
    }
}
