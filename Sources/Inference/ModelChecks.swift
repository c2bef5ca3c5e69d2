/// Checks of a model, and of what it did with rows, as pure functions.
public enum ModelChecks {
    /// Signs that the training of a model went wrong.
    ///
    /// Codes: `few_support_vectors`, `nu_below_one_row` (warnings), `never_positive` (error).
    public static func degeneracy(of model: ModelParameters) -> [ModelFinding] {
        switch model.estimator {
        case .oneClassSVM(let svm): degeneracy(of: svm)
        }
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

    private static func degeneracy(of svm: OneClassSVMParameters) -> [ModelFinding] {
        var findings: [ModelFinding] = []
        if DecisionMaximum.isNeverPositive(svm) {
            findings.append(
                ModelFinding(.error, code: "never_positive", "its decision is never positive")
            )
        }
        let count = svm.dualCoefficients.count
        if count <= 2 {
            let noun = count == 1 ? "support vector" : "support vectors"
            findings.append(
                ModelFinding(.warning, code: "few_support_vectors", "only \(count) \(noun)")
            )
        }
        if let nu = svm.nu, let rows = svm.trainingRowCount, nu * Double(rows) < 1 {
            let product = NumberText.flooredFixed(nu * Double(rows), fractionDigits: 2)
            findings.append(
                ModelFinding(
                    .warning,
                    code: "nu_below_one_row",
                    "nu x n = \(product) is below 1"
                )
            )
        }
        return findings
    }
}
