internal import Inference

/// A function of numpy's on every value, from a list; no other code is ever run.
enum FunctionTransformerRule: EstimatorRule {
    static let package: StaticString = "sklearn.preprocessing"
    static let classNames: [StaticString] = ["FunctionTransformer"]
    static let role = EstimatorRole.transformer

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try model.takeFittedColumns(estimator)
        let function = try function(estimator)
        guard hasNoArguments(estimator) else {
            throw .unsupported(
                "\(estimator.label) calls its function with kw_args; supported: none"
            )
        }
        let acceptsMissing = !validates(estimator)
        if function == .identity, acceptsMissing { return }
        model.appendKeepingWidth(ApplyFunction(function, acceptsMissing: acceptsMissing))
    }

    private static func function(
        _ estimator: EstimatorAttributes
    ) throws(SklearnError) -> ElementFunction {
        guard let value = estimator.find("func") else { return .identity }
        switch estimator.arena[value] {
        case .none: return .identity
        case .global(.function(let function), _): return function
        case .global(_, let name):
            let text = printable(estimator.arena.string(name), limit: 60)
            throw .unsupported("\(estimator.label) calls \(text); supported: \(supported)")
        default:
            throw .unsupported(
                "\(estimator.label) calls a \(estimator.arena[value].typeName); "
                    + "supported: \(supported)"
            )
        }
    }

    private static let supported =
        "numpy's "
        + ElementFunction.allCases.filter { $0 != .identity && $0 != .nanToNum }
        .map { "\($0)" }.joined(separator: ", ") + " and nan_to_num"

    private static func hasNoArguments(_ estimator: EstimatorAttributes) -> Bool {
        guard let value = estimator.find("kw_args") else { return true }
        switch estimator.arena[value] {
        case .none: return true
        case .dict(let chain): return chain.count == 0
        default: return false
        }
    }

    /// Before 0.22 the rows were checked unless one said no.
    private static func validates(_ estimator: EstimatorAttributes) -> Bool {
        guard estimator.isNone("validate") else {
            return estimator.flag("validate", default: false)
        }
        return estimator.version < SklearnVersion(major: 0, minor: 22)
    }
}
