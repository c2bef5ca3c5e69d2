/// A support-vector machine that lets every pair of classes vote, or linear scores.
///
/// - Source: onnx.reference, op_svm_classifier.py; LIBSVM, svm_predict_values.
enum SVMClassifierOperator: MLOperator {
    static let name = "SVMClassifier"
    static let versions = [1]

    static func evaluate(_ call: OperatorCall) throws(GraphError) -> [GraphValue] {
        let input = try MLMatrix(call)
        let machine = try SVMVoting(call, columns: input.columns)
        try call.meter.spend(input.rows, times: machine.stepsPerRow)
        var scores: [Float] = []
        var classes: [Int] = []
        var width = machine.scoreCount
        for row in 0..<input.rows {
            let values = input.values[row * input.columns..<(row + 1) * input.columns]
            let (label, result) = machine.classify(values)
            classes.append(label)
            width = result.count
            scores.append(contentsOf: result.map { Float($0) })
        }
        let tensor = try Tensor(
            shape: [input.rows, width],
            .float(scores),
            limits: call.limits
        )
        return [try machine.labels.tensor(classes), .tensor(tensor)]
    }
}

/// The attributes of an SVM classifier, and what they make of one row.
private struct SVMVoting {
    let labels: MLLabels
    private let kernel: SVMKernelValues
    private let coefficients: [Double]
    private let rho: [Double]
    private let vectorsPerClass: [Int]
    private let firsts: [Int]
    private let platt: (a: [Double], b: [Double])?
    private let transform: MLTransform
    private let isAllPositive: Bool
    private let columns: Int
    private let classCount: Int

    init(_ call: OperatorCall, columns: Int) throws(GraphError) {
        self.columns = columns
        labels = try MLLabels(
            call,
            integers: "classlabels_ints",
            strings: "classlabels_strings"
        )
        classCount = max(1, labels.count)
        vectorsPerClass = try call.ints("vectors_per_class") ?? []
        var firsts: [Int] = []
        var total = 0
        for count in vectorsPerClass {
            firsts.append(total)
            let (sum, overflow) = total.addingReportingOverflow(count)
            guard count >= 0, !overflow else {
                throw GraphError(.invalid, "attribute vectors_per_class has \(count)")
            }
            total = sum
        }
        self.firsts = firsts
        kernel = try SVMKernelValues(call, vectorCount: total, columns: columns)
        coefficients = (try call.floats("coefficients") ?? []).map { Double($0) }
        rho = (try call.floats("rho") ?? []).map { Double($0) }
        transform = try MLTransform(call)
        isAllPositive = coefficients.allSatisfy { $0 >= 0 }
        let pairs = classCount.multipliedReportingOverflow(by: classCount - 1)
        let wanted =
            total > 0
            ? (classCount - 1).multipliedReportingOverflow(by: total)
            : classCount.multipliedReportingOverflow(by: columns)
        guard !pairs.overflow, !wanted.overflow, coefficients.count == wanted.partialValue,
            total == 0 || vectorsPerClass.count == classCount,
            rho.count >= (total > 0 ? pairs.partialValue / 2 : 1)
        else {
            throw GraphError(
                .shape,
                "\(coefficients.count) coefficients and \(rho.count) rho do not fit "
                    + "\(classCount) classes with \(total) support vectors"
            )
        }
        let (a, b) = (try call.floats("prob_a") ?? [], try call.floats("prob_b") ?? [])
        if a.isEmpty || total == 0 {
            platt = nil
        } else {
            guard a.count == pairs.partialValue / 2, b.count == a.count else {
                throw GraphError(.shape, "\(a.count) prob_a and \(b.count) prob_b do not fit")
            }
            platt = (a.map { Double($0) }, b.map { Double($0) })
        }
    }

    /// The columns of the scores when there is no row to tell.
    var scoreCount: Int {
        if kernel.vectorCount == 0 { return classCount == 1 && labels.count == 2 ? 2 : classCount }
        if platt != nil { return classCount }
        return classCount == 2 ? 2 : max(1, classCount * (classCount - 1) / 2)
    }

    var stepsPerRow: Int {
        max(1, kernel.vectorCount) * (columns + classCount) + classCount * classCount
    }

    func classify(_ row: ArraySlice<Double>) -> (label: Int, scores: [Double]) {
        guard kernel.vectorCount > 0 else {
            let scores = (0..<classCount).map { index in
                rho[0]
                    + SVMKernelValues.dot(
                        row,
                        coefficients[index * columns..<(index + 1) * columns]
                    )
            }
            return finish(Self.first(scores), scores[Self.first(scores)], scores, false)
        }
        let (votes, decisions) = vote(row)
        let best = Self.first(votes)
        guard let platt else { return finish(best, votes[best], decisions, false) }
        let scores = SVMCoupling.probabilities(decisions, platt.a, platt.b, classCount)
        return finish(best, votes[best], scores, true)
    }

    private func vote(_ row: ArraySlice<Double>) -> (votes: [Double], decisions: [Double]) {
        let total = kernel.vectorCount
        var kernels = [Double](repeating: 0, count: total)
        kernel.evaluate(row, into: &kernels)
        var votes = [Double](repeating: 0, count: classCount)
        var decisions: [Double] = []
        for i in 0..<classCount {
            for j in i + 1..<max(i + 1, classCount) {
                var sum = rho[decisions.count]
                for index in firsts[i]..<firsts[i] + vectorsPerClass[i] {
                    sum += coefficients[(j - 1) * total + index] * kernels[index]
                }
                for index in firsts[j]..<firsts[j] + vectorsPerClass[j] {
                    sum += coefficients[i * total + index] * kernels[index]
                }
                decisions.append(sum)
                votes[sum > 0 ? i : j] += 1
            }
        }
        return (votes, decisions)
    }

    /// The label and the scores as they are written.
    private func finish(
        _ best: Int,
        _ weight: Double,
        _ scores: [Double],
        _ hasProbability: Bool
    ) -> (label: Int, scores: [Double]) {
        var label = best
        if rho.count == 1 {
            if labels.count == 2 {
                if !hasProbability, isAllPositive, weight >= 0.5 { label = 1 }
            } else {
                label = weight > 0 ? 1 : 0
            }
        }
        var scores = scores
        guard scores.count == 1 else {
            transform.apply(&scores)
            return (label, scores)
        }
        guard rho.count == 1, labels.count == 2, transform != .probit else {
            if transform == .probit { transform.apply(&scores) }
            return (label, scores)
        }
        scores = [-scores[0], scores[0]]
        transform.apply(&scores)
        return (label, scores)
    }

    private static func first(_ values: [Double]) -> Int {
        var best = 0
        for index in values.indices where values[index] > values[best] { best = index }
        return best
    }
}
