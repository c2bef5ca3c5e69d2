#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// What becomes of the sums of a forest's trees.
public enum ForestLink: Sendable, Equatable {
    /// They are the result.
    case sum
    /// Divided by the number of trees.
    case mean
    /// The first sum's exponential (Poisson and gamma losses).
    case exponential
    /// The first sum, then the probabilities of the first and the second of two classes.
    case logistic
    /// The largest of the classes' probabilities, then the probabilities.
    case softmax
    /// The largest of the classes' probabilities, then the sums themselves.
    case largestSoftmax
    /// The decision of an isolation forest; the sum is a row's path length over all trees.
    case isolation(IsolationScore)

    /// The columns it gives for so many sums.
    func outputCount(sumCount: Int) -> Int {
        switch self {
        case .sum, .mean: sumCount
        case .exponential, .isolation: 1
        case .logistic: 3
        case .softmax, .largestSoftmax: sumCount + 1
        }
    }

    /// The number it has in packed bytes.
    var code: UInt32 {
        switch self {
        case .sum: 0
        case .mean: 1
        case .exponential: 2
        case .logistic: 3
        case .softmax: 4
        case .largestSoftmax: 5
        case .isolation: 6
        }
    }

    /// The link with a number in packed bytes; nil when there is none.
    init?(code: UInt32, isolation: IsolationScore) {
        switch code {
        case 0: self = .sum
        case 1: self = .mean
        case 2: self = .exponential
        case 3: self = .logistic
        case 4: self = .softmax
        case 5: self = .largestSoftmax
        case 6: self = .isolation(isolation)
        default: return nil
        }
    }

    /// Writes the result of one row of sums; the two may be the same memory for `sum` and `mean`.
    func apply(
        _ sums: UnsafePointer<Double>,
        sumCount: Int,
        treeCount: Int,
        to output: UnsafeMutablePointer<Double>
    ) {
        switch self {
        case .sum: for column in 0..<sumCount { output[column] = sums[column] }
        case .mean:
            for column in 0..<sumCount { output[column] = sums[column] / Double(treeCount) }
        case .exponential: output[0] = exp(sums[0])
        case .logistic:
            let positive = 1 / (1 + exp(-sums[0]))
            output[0] = sums[0]
            output[1] = 1 - positive
            output[2] = positive
        case .softmax, .largestSoftmax: softmax(sums, sumCount, output)
        case .isolation(let score):
            output[0] = score.decision(pathLength: sums[0], treeCount: treeCount)
        }
    }

    private func softmax(
        _ sums: UnsafePointer<Double>,
        _ count: Int,
        _ output: UnsafeMutablePointer<Double>
    ) {
        var largest = sums[0]
        for column in 1..<max(1, count) where sums[column] > largest { largest = sums[column] }
        var total = 0.0
        for column in 0..<count {
            output[column + 1] = exp(sums[column] - largest)
            total += output[column + 1]
        }
        output[0] = 1 / total
        for column in 0..<count {
            output[column + 1] =
                self == .largestSoftmax ? sums[column] : output[column + 1] / total
        }
    }
}

/// How an isolation forest turns a path length into a decision.
public struct IsolationScore: Sendable, Equatable {
    /// The average path length of an unsuccessful search among a tree's training rows.
    public var averagePathLength: Double
    /// What is subtracted from the score of -1...0.
    public var offset: Double
    /// The decision below which a row is an anomaly.
    public var threshold: Double
    /// Whether the mean path length is divided, as scikit-learn before 0.22 did.
    public var dividesMean: Bool

    public init(
        averagePathLength: Double,
        offset: Double,
        threshold: Double = 0,
        dividesMean: Bool = false
    ) {
        self.averagePathLength = averagePathLength
        self.offset = offset
        self.threshold = threshold
        self.dividesMean = dividesMean
    }

    /// `-(2 ** -(path length / (trees * average path length))) - offset`.
    ///
    /// A decision one unit in the last place of its score away from the threshold is put on it:
    /// offsets are scores of training rows, computed with another power function than this one.
    /// - Source: scikit-learn, ensemble/_iforest.py, IsolationForest._compute_score_samples.
    func decision(pathLength: Double, treeCount: Int) -> Double {
        let exponent: Double
        if dividesMean {
            exponent = -(pathLength / Double(treeCount)) / averagePathLength
        } else {
            let denominator = Double(treeCount) * averagePathLength
            exponent = denominator == 0 ? -1 : -(pathLength / denominator)
        }
        let score = -pow(2, exponent)
        let decision = score - offset
        return (decision - threshold).magnitude <= score.ulp ? threshold : decision
    }
}
