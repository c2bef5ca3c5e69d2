internal import Inference

/// Transformers side by side, each of some of the columns.
enum ColumnTransformerRule: EstimatorRule {
    static let package: StaticString = "sklearn.compose"
    static let classNames: [StaticString] = ["ColumnTransformer"]
    static let role = EstimatorRole.transformer

    /// - Source: scikit-learn, compose/_column_transformer.py, ColumnTransformer.transform.
    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        try estimator.requireFitted("transformers_")
        let entries = try BranchEntry.list(estimator, "transformers_", parts: 3)
        let width = try width(estimator, entries, &model)
        let selection = ColumnSelection(
            estimator: estimator,
            width: width,
            names: try estimator.featureNames()
        )
        var branches: [CombineColumns.Branch] = []
        for entry in entries {
            let columns = try selection.columns(entry.parts[2], of: entry.name)
            try model.charge(columns.count, estimator)
            // A transformer without columns is kept as it was before it was fitted.
            if columns.isEmpty || entry.isDropped { continue }
            let stages = try entry.stages(estimator, width: columns.count, &model)
            branches.append(CombineColumns.Branch(columns: columns, stages: stages))
        }
        try model.combine(branches, estimator)
    }

    /// The columns of a row; version 0.20 wrote only the columns of each transformer.
    private static func width(
        _ estimator: EstimatorAttributes,
        _ entries: [BranchEntry],
        _ model: inout ModelBuilder
    ) throws(SklearnError) -> Int {
        if let count = try estimator.count("_n_features") { try model.take(count, estimator) }
        try model.takeFittedColumns(estimator)
        if let width = model.width { return width }
        let selection = ColumnSelection(
            estimator: estimator,
            width: estimator.arena.limits.nameCount,
            names: nil
        )
        var largest = -1
        for entry in entries {
            for column in try selection.columns(entry.parts[2], of: entry.name) {
                largest = max(largest, column)
            }
        }
        try model.take(largest + 1, estimator)
        return largest + 1
    }
}

/// Transformers side by side, each of all columns.
enum FeatureUnionRule: EstimatorRule {
    static let package: StaticString = "sklearn.pipeline"
    static let classNames: [StaticString] = ["FeatureUnion"]
    static let role = EstimatorRole.transformer

    static func lower(
        _ estimator: EstimatorAttributes,
        into model: inout ModelBuilder
    ) throws(SklearnError) {
        let entries = try BranchEntry.list(estimator, "transformer_list", parts: 2)
        try model.takeFittedColumns(estimator)
        if model.width == nil, let count = try fittedWidth(estimator, entries) {
            try model.take(count, estimator)
        }
        guard let width = model.width else {
            throw .malformed("\(estimator.label) does not say how many columns it takes")
        }
        var branches: [CombineColumns.Branch] = []
        for entry in entries where !entry.isDropped {
            try model.charge(width, estimator)
            let stages = try entry.stages(estimator, width: width, &model)
            branches.append(CombineColumns.Branch(columns: Array(0..<width), stages: stages))
        }
        try model.combine(branches, estimator)
    }

    /// What the first transformer that knows it was fitted on.
    private static func fittedWidth(
        _ estimator: EstimatorAttributes,
        _ entries: [BranchEntry]
    ) throws(SklearnError) -> Int? {
        for entry in entries where !entry.isDropped && !entry.isPassedThrough {
            var flattening = PipelineFlattening(arena: estimator.arena, isBranch: true)
            try flattening.flatten(entry.parts[1], inside: estimator.step.place)
            guard let step = flattening.steps.first else { continue }
            let first = EstimatorAttributes(arena: estimator.arena, step: step)
            if let count = try first.count("n_features_in_") { return count }
            for name: StaticString in ["scale_", "mean_", "center_", "statistics_"] {
                if let numbers = try first.anyNumbers(name) { return numbers.count }
            }
        }
        return nil
    }
}

extension ModelBuilder {
    /// Appends branches side by side.
    fileprivate mutating func combine(
        _ branches: [CombineColumns.Branch],
        _ estimator: EstimatorAttributes
    ) throws(SklearnError) {
        guard !branches.isEmpty, let width else {
            throw .malformed("\(estimator.label) keeps no column")
        }
        let stage = CombineColumns(branches: branches)
        do {
            append(stage, columns: try stage.outputCount(inputCount: width))
        } catch {
            throw .malformed("\(estimator.label): \(error.message)")
        }
    }
}
