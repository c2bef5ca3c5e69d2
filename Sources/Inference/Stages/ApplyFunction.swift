/// One function of every value (FunctionTransformer).
public struct ApplyFunction: Stage {
    public static let code: UInt16 = 69
    public static let name = "function"

    public var function: ElementFunction
    /// Whether rows with a missing value may come.
    public var acceptsMissing: Bool

    public init(_ function: ElementFunction, acceptsMissing: Bool = true) {
        self.function = function
        self.acceptsMissing = acceptsMissing
    }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int { inputCount }

    public func encode(into writer: inout StageWriter) {
        writer.put(function.rawValue)
    }

    public func reference(_ row: [Double]) -> [Double] {
        row.map { function($0) }
    }

    /// The stage in packed bytes.
    public struct View: StageView {
        public let outputCount: Int
        private let function: ElementFunction

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            outputCount = inputCount
            let code = try reader.integer(UInt32.self)
            guard let function = ElementFunction(rawValue: code) else {
                throw reader.corrupt("there is no function \(code)")
            }
            self.function = function
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            for index in 0..<rows.count &* outputCount {
                outputs[index] = function(rows.values[index])
            }
        }

        public var facts: [ModelFact] { [ModelFact("function", "\(function)")] }
    }
}
