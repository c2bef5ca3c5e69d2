/// A decoded model as plain numbers, ready to be encoded for a pack.
///
/// Decoders produce it, ``ModelEncoder`` turns it into bytes; nothing keeps it while scoring.
public struct ModelParameters: Sendable, Equatable {
    /// What it is, in snake case: `one_class_svm`, `isolation_forest`.
    public var type: String
    /// Applied to a row in order; the last one is the estimator.
    public var stages: [any Stage]
    public var head: ModelHead
    /// Columns of an input row.
    public var featureCount: Int
    /// The names the model was trained with, in order; nil when it was trained on an array.
    public var featureNames: [String]?
    /// What it is, for people: `Pipeline(StandardScaler, OneClassSVM) of scikit-learn 0.19.2`.
    public var source: String

    public init(
        type: String,
        stages: [any Stage],
        head: ModelHead,
        featureCount: Int,
        featureNames: [String]?,
        source: String
    ) {
        self.type = type
        self.stages = stages
        self.head = head
        self.featureCount = featureCount
        self.featureNames = featureNames
        self.source = source
    }

    /// Checks that everything fits and gives the columns before each stage and after the last.
    ///
    /// - Throws: ``InferenceError`` `.invalidModel` naming the part that is wrong.
    public func check() throws(InferenceError) -> [Int] {
        try StageCheck.columns(featureCount, "feature count")
        if let featureNames, featureNames.count != featureCount {
            throw .invalid("\(featureNames.count) feature names for \(featureCount) features")
        }
        guard !stages.isEmpty, stages.count <= ModelLimits.stageCountMax else {
            throw .invalid("\(stages.count) stages are not within 1...\(ModelLimits.stageCountMax)")
        }
        let columns = try Self.columns(of: stages, inputCount: featureCount)
        try head.check(outputCount: columns[stages.count])
        return columns
    }

    /// The columns before each stage of a list and after the last.
    static func columns(
        of stages: [any Stage],
        inputCount: Int
    ) throws(InferenceError) -> [Int] {
        var columns = [inputCount]
        var width = inputCount
        for (index, stage) in stages.enumerated() {
            do {
                width = try stage.outputCount(inputCount: width)
            } catch {
                let name = Swift.type(of: stage).name
                throw .invalid("stage \(index + 1) (\(name)): \(error.message)")
            }
            try StageCheck.columns(width, "the columns of stage \(index + 1)")
            columns.append(width)
        }
        return columns
    }

    public static func == (left: ModelParameters, right: ModelParameters) -> Bool {
        left.type == right.type && left.head == right.head
            && left.featureCount == right.featureCount && left.featureNames == right.featureNames
            && left.source == right.source && left.stages.count == right.stages.count
            && zip(left.stages, right.stages).allSatisfy { $0.isEqual(to: $1) }
    }
}

extension Stage {
    fileprivate func isEqual(to other: any Stage) -> Bool { (other as? Self) == self }
}
