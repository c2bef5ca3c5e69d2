/// What people and programs want to know about a model without opening its numbers.
public struct ModelDescription: Sendable, Equatable, Codable {
    /// The family: `one_class_svm`.
    public var type: String
    /// Where it came from: `Pipeline(StandardScaler, OneClassSVM) of scikit-learn 0.19.2`.
    public var source: String
    public var featureCount: Int
    public var featureNames: [String]?
    /// `standardize`, `rescale` or `project`, in order.
    public var stepNames: [String]
    /// `linear`, `poly`, `rbf` or `sigmoid`, as scikit-learn writes them.
    public var kernel: String
    public var gamma: Double
    public var coef0: Double
    public var degree: Int
    public var supportVectorCount: Int
    public var intercept: Double
    /// The training parameter nu and row count, when the file had them.
    public var nu: Double?
    public var trainingRowCount: Int?
    /// Bytes of the encoded numbers.
    public var byteCount: Int

    /// Describes a model whose encoded numbers have a size.
    public init(of model: ModelParameters, byteCount: Int) {
        switch model.estimator {
        case .oneClassSVM(let svm):
            type = "one_class_svm"
            kernel = svm.kernel.name
            gamma = svm.gamma
            coef0 = svm.coef0
            degree = svm.degree
            supportVectorCount = svm.dualCoefficients.count
            intercept = svm.intercept
            nu = svm.nu
            trainingRowCount = svm.trainingRowCount
        }
        source = model.source
        featureCount = model.featureCount
        featureNames = model.featureNames
        stepNames = model.steps.map(\.name)
        self.byteCount = byteCount
    }

    /// Describes a file that holds no model that could be decoded, with the reason.
    public init(undecodable reason: String) {
        type = "undecodable"
        source = reason
        featureCount = 0
        stepNames = []
        kernel = ""
        gamma = 0
        coef0 = 0
        degree = 0
        supportVectorCount = 0
        intercept = 0
        byteCount = 0
    }

    /// Whether there is a model behind this description.
    public var isDecoded: Bool { type != "undecodable" }

    /// The parameters for people, by name.
    public var parameterTexts: [String: String] {
        guard isDecoded else { return [:] }
        var texts = [
            "type": type, "kernel": kernel, "gamma": "\(gamma)", "intercept": "\(intercept)",
            "features": featureNames?.joined(separator: ", ") ?? "\(featureCount)",
            "support_vectors": "\(supportVectorCount)",
        ]
        if !stepNames.isEmpty { texts["steps"] = stepNames.joined(separator: ", ") }
        if let nu { texts["nu"] = "\(nu)" }
        if let trainingRowCount { texts["training_rows"] = "\(trainingRowCount)" }
        return texts
    }
}

extension SVMKernel {
    /// The name scikit-learn has for it.
    public var name: String {
        switch self {
        case .linear: "linear"
        case .polynomial: "poly"
        case .rbf: "rbf"
        case .sigmoid: "sigmoid"
        }
    }
}

extension TransformStep {
    /// What the step does, in one word.
    public var name: String {
        switch self {
        case .standardize: "standardize"
        case .rescale: "rescale"
        case .project: "project"
        }
    }
}
