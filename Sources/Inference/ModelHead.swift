/// How the numbers of a model's last stage become a score, a label and an anomaly.
public struct ModelHead: Sendable, Equatable {
    /// Which number is the score.
    public enum ScoreRule: Sendable, Equatable {
        case column(Int)
        /// The largest, the smallest of all columns (a class's probability, a distance).
        case maximum
        case minimum
    }

    /// Which of ``ModelHead/labels`` a row gets.
    public enum LabelRule: Sendable, Equatable {
        case none
        /// The first of the largest columns of a range.
        case argmax(Range<Int>)
        /// The first of the smallest columns of a range.
        case argmin(Range<Int>)
        /// Label 1 when a column is above 0, else label 0.
        case positive(column: Int)
        /// Label 1 when a column is at least 0, else label 0.
        case notNegative(column: Int)
        /// The stage itself computed the index of the label.
        case index(column: Int)
    }

    /// When a row is an anomaly.
    public enum AnomalyRule: Sendable, Equatable {
        /// The model has no such notion.
        case none
        /// Unless the score is above the threshold (LIBSVM's rule).
        case notAbove(Double)
        case below(Double)
        case above(Double)
        /// When the row gets the label with this index.
        case label(Int)
    }

    public var score: ScoreRule
    public var label: LabelRule
    public var anomaly: AnomalyRule
    /// The classes or clusters by index; empty when a row gets no label.
    public var labels: [String]

    public init(
        score: ScoreRule = .column(0),
        label: LabelRule = .none,
        anomaly: AnomalyRule = .none,
        labels: [String] = []
    ) {
        self.score = score
        self.label = label
        self.anomaly = anomaly
        self.labels = labels
    }

    /// A detector whose decision is an anomaly unless above 0 (OneClassSVM).
    public static let aboveZeroIsNormal = ModelHead(anomaly: .notAbove(0))
    /// A detector whose decision is an anomaly when below 0 (IsolationForest and others).
    public static let belowZeroIsAnomaly = ModelHead(anomaly: .below(0))
    /// A regressor: one number and nothing else.
    public static let value = ModelHead()

    /// The threshold of the anomaly rule, if it has one.
    public var threshold: Double? {
        switch anomaly {
        case .notAbove(let threshold), .below(let threshold), .above(let threshold): threshold
        case .none, .label: nil
        }
    }

    /// Checks the head against the columns of the last stage.
    ///
    /// - Throws: ``InferenceError`` `.invalidModel`.
    func check(outputCount: Int) throws(InferenceError) {
        if case .column(let column) = score, !(0..<outputCount).contains(column) {
            throw .invalid("the score is column \(column) of \(outputCount)")
        }
        switch label {
        case .none: break
        case .argmax(let range), .argmin(let range):
            guard range.lowerBound >= 0, range.upperBound <= outputCount, !range.isEmpty,
                range.count <= labels.count
            else { throw .invalid("the label comes from columns \(range) of \(outputCount)") }
        case .positive(let column), .notNegative(let column):
            guard (0..<outputCount).contains(column), labels.count == 2 else {
                throw .invalid("the label comes from column \(column) of \(outputCount)")
            }
        case .index(let column):
            guard (0..<outputCount).contains(column), !labels.isEmpty else {
                throw .invalid("the label comes from column \(column) of \(outputCount)")
            }
        }
        if let threshold, threshold.isNaN { throw .invalid("the threshold is not a number") }
        if case .label(let index) = anomaly, !labels.indices.contains(index) {
            throw .invalid("label \(index) means an anomaly, but there are \(labels.count)")
        }
        guard labels.count <= ModelLimits.labelCountMax else {
            throw .invalid("\(labels.count) labels exceed \(ModelLimits.labelCountMax)")
        }
    }
}
