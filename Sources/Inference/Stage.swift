/// One step of a model as plain numbers: rows of some columns in, rows of some columns out.
///
/// Preprocessing and estimators alike are stages; a model is a list of them and a ``ModelHead``.
/// A new kind of stage is one file with this type and its ``StageView``, one line in
/// ``StageRegistry`` and its test.
public protocol Stage: Sendable, Equatable {
    /// The stage as it is evaluated in packed bytes.
    associatedtype View: StageView

    /// What the packed bytes say this stage is; never used again for another kind.
    static var code: UInt16 { get }
    /// What it does, in one word: `standardize`.
    static var name: String { get }

    /// Whether rows with a missing value (NaN) may reach it; otherwise such rows fail.
    var acceptsMissing: Bool { get }

    /// The columns it gives for the columns it takes.
    ///
    /// - Throws: ``InferenceError`` `.invalidModel` naming the number that does not fit, is not
    ///   finite or exceeds ``ModelLimits``.
    func outputCount(inputCount: Int) throws(InferenceError) -> Int

    /// Appends what ``View`` reads; called only after ``outputCount(inputCount:)`` passed.
    func encode(into writer: inout StageWriter)

    /// The plain evaluation of one row, which packed evaluation is tested against.
    ///
    /// In scikit-learn's own order of additions where that decides a label, with the C library's
    /// functions. Sizes fit; values may be anything.
    func reference(_ row: [Double]) -> [Double]

    /// What is known of its training and cannot be read from the packed bytes.
    var trainingFacts: [ModelFact] { get }

    /// Signs that its training went wrong.
    func findings() -> [ModelFinding]
}

extension Stage {
    public var acceptsMissing: Bool { false }
    public var trainingFacts: [ModelFact] { [] }
    public func findings() -> [ModelFinding] { [] }
}

/// A stage read in place from packed bytes; making one allocates nothing.
public protocol StageView {
    /// Reads the stage, trusting no number: evaluation must be safe for any bytes that pass.
    ///
    /// - Throws: ``InferenceError`` `.corruptBlock`.
    init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError)

    /// Columns of a result row.
    var outputCount: Int { get }

    /// Evaluates rows; a row's result does not depend on its neighbours.
    ///
    /// - Shape: `outputs` is `[rows.count, outputCount]`, row-major, apart from the input.
    func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>)

    /// What the packed numbers say of it, for people.
    var facts: [ModelFact] { get }
}

extension StageView {
    public var facts: [ModelFact] { [] }
}

/// Rows on their way into a stage.
///
/// A row that failed is computed as well and its result ignored, so its values may be anything.
public struct StageRows {
    /// Shape: `[count, inputCount]`, row-major.
    public let values: UnsafePointer<Double>
    public let count: Int
    /// One byte a row; a stage sets it to 1 when the row cannot be evaluated.
    public let failed: UnsafeMutablePointer<UInt8>

    public init(
        values: UnsafePointer<Double>,
        count: Int,
        failed: UnsafeMutablePointer<UInt8>
    ) {
        self.values = values
        self.count = count
        self.failed = failed
    }

    /// Fails rows with a number that a stage does not take: infinite, or missing unless accepted.
    func refuse(columns: Int, acceptsMissing: Bool) {
        // Hardly any row is refused.
        guard !Self.areFinite(values, count &* columns) else { return }
        for row in 0..<count {
            let value = values + row &* columns
            for column in 0..<columns {
                if value[column].isInfinite || (value[column].isNaN && !acceptsMissing) {
                    failed[row] = 1
                }
            }
        }
    }

    /// Whether no number is infinite or missing.
    @inline(__always)
    static func areFinite(_ values: UnsafePointer<Double>, _ count: Int) -> Bool {
        // Adding to an exponent with all its bits sets the top bit.
        var sums: UInt64 = 0
        for index in 0..<count {
            sums |= (values[index].bitPattern & 0x7FF0_0000_0000_0000) &+ 0x0010_0000_0000_0000
        }
        return sums >> 63 == 0
    }
}

/// A name and a value that describe a model to people.
public struct ModelFact: Sendable, Hashable, Codable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
