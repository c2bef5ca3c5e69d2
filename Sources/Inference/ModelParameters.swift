/// A decoded model as plain numbers, ready to be encoded for a pack.
///
/// Decoders produce it, ``ModelEncoder`` turns it into bytes; nothing keeps it while scoring.
public struct ModelParameters: Sendable, Equatable {
    /// Applied to a row in order, before the estimator.
    public var steps: [TransformStep]
    public var estimator: EstimatorParameters
    /// Columns of an input row.
    public var featureCount: Int
    /// The names the model was trained with, in order; nil when it was trained on an array.
    public var featureNames: [String]?
    /// What it is, for people: `Pipeline(StandardScaler, OneClassSVM) of scikit-learn 0.19.2`.
    public var source: String

    public init(
        steps: [TransformStep],
        estimator: EstimatorParameters,
        featureCount: Int,
        featureNames: [String]?,
        source: String
    ) {
        self.steps = steps
        self.estimator = estimator
        self.featureCount = featureCount
        self.featureNames = featureNames
        self.source = source
    }
}

/// One preprocessing step; every vector has one entry per input column of the step.
public enum TransformStep: Sendable, Equatable {
    /// `(x - center) / scale` (StandardScaler, RobustScaler); an empty vector leaves that part out.
    case standardize(center: [Double], scale: [Double])
    /// `x * scale + offset`, then clipped to a range if given (MinMaxScaler).
    case rescale(scale: [Double], offset: [Double], clip: ClosedRange<Double>?)
    /// `components (x - mean)`, each output divided by its scale if given (PCA, whitening).
    ///
    /// - Shape: `components` is `[outputCount, inputCount]`, row-major; `mean` may be empty.
    case project(mean: [Double], components: [Double], outputCount: Int, scale: [Double])
}

/// The estimator at the end of a model.
public enum EstimatorParameters: Sendable, Equatable {
    case oneClassSVM(OneClassSVMParameters)
}

/// A support-vector kernel.
public enum SVMKernel: UInt8, Sendable, CaseIterable {
    case linear = 0
    case polynomial = 1
    case rbf = 2
    case sigmoid = 3
}

/// A one-class SVM: decision = sum of `dualCoefficients[i] * K(supportVectors[i], x)` + intercept.
///
/// A decision above 0 is normal, everything else an anomaly (LIBSVM's rule).
public struct OneClassSVMParameters: Sendable, Equatable {
    public var kernel: SVMKernel
    /// The numeric gamma (`_gamma` of scikit-learn), never "scale" or "auto".
    public var gamma: Double
    public var coef0: Double
    public var degree: Int
    /// Shape `[supportVectorCount, columns after the steps]`, row-major.
    public var supportVectors: [Double]
    public var dualCoefficients: [Double]
    public var intercept: Double
    /// The training parameter nu and row count, when the file has them.
    public var nu: Double?
    public var trainingRowCount: Int?

    public init(
        kernel: SVMKernel,
        gamma: Double,
        coef0: Double,
        degree: Int,
        supportVectors: [Double],
        dualCoefficients: [Double],
        intercept: Double,
        nu: Double?,
        trainingRowCount: Int?
    ) {
        self.kernel = kernel
        self.gamma = gamma
        self.coef0 = coef0
        self.degree = degree
        self.supportVectors = supportVectors
        self.dualCoefficients = dualCoefficients
        self.intercept = intercept
        self.nu = nu
        self.trainingRowCount = trainingRowCount
    }
}
