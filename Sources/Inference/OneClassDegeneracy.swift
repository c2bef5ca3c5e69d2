/// Signs that a one-class SVM was trained on too little.
enum OneClassDegeneracy {
    static func findings(_ svm: SupportVectorMachine) -> [ModelFinding] {
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
