/// Checks of a model, and of what it did with rows, as pure functions.
public enum ModelChecks {
    /// Signs that the training of a model went wrong, stage by stage.
    ///
    /// Codes: `few_support_vectors`, `nu_below_one_row`, `single_leaf_trees` (warnings),
    /// `never_positive` (error).
    public static func degeneracy(of model: ModelParameters) -> [ModelFinding] {
        model.stages.flatMap { $0.findings() }
    }

    /// Signs that a model does not fit the rows it was tried on.
    ///
    /// - Parameters:
    ///   - flagged: rows it labels an anomaly.
    ///   - rows: rows it gave a score.
    ///   - anyPositive: whether any score is above 0.
    /// - Returns: at most one error, `flags_most_rows` or `no_normal_row`.
    public static func observed(flagged: Int, rows: Int, anyPositive: Bool) -> [ModelFinding] {
        guard rows > 0 else { return [] }
        let count = "\(NumberText.grouped(flagged)) of \(NumberText.grouped(rows))"
        // At least 95 %, compared without a rounded quotient.
        if Double(flagged) * 20 >= Double(rows) * 19 {
            let percent = NumberText.flooredFixed(
                Double(flagged) * 100 / Double(rows),
                fractionDigits: 1
            )
            return [
                ModelFinding(
                    .error,
                    code: "flags_most_rows",
                    "flags \(percent) % of its rows (\(count))"
                )
            ]
        }
        guard !anyPositive else { return [] }
        return [
            ModelFinding(
                .error,
                code: "no_normal_row",
                "its decision is positive on none of its \(NumberText.grouped(rows)) rows"
            )
        ]
    }
}
