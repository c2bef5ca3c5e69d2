/// An ONNX graph as one step: columns to its inputs, its outputs to columns.
///
/// The graph's own element types are respected: a float input rounds to 32 bits. A row with a value
/// that an input's type cannot hold, or on which the graph fails, fails alone.
public struct GraphStage: Stage {
    public static let code: UInt16 = 96
    public static let name = "graph"

    /// An output of the graph that becomes columns.
    public struct Output: Sendable, Equatable {
        /// Its position among the program's outputs.
        public var index: Int
        public var columns: Int
        /// The labels whose position the column is; empty when the columns are numbers.
        public var labels: [String]

        public init(index: Int, columns: Int = 1, labels: [String] = []) {
            self.index = index
            self.columns = columns
            self.labels = labels
        }
    }

    /// What is given of all columns behind the first.
    public enum Reduction: UInt8, Sendable, CaseIterable {
        case none, maximum, minimum
    }

    public var program: GraphProgram
    public var outputs: [Output]
    public var reduction: Reduction
    /// Whether the graph takes one row at a time.
    public var takesSingleRows: Bool

    public init(
        program: GraphProgram,
        outputs: [Output],
        takesSingleRows: Bool,
        reduction: Reduction = .none
    ) {
        self.program = program
        self.outputs = outputs
        self.reduction = reduction
        self.takesSingleRows = takesSingleRows
    }

    /// Columns of all outputs, and of a result row.
    var totalColumns: Int { outputs.reduce(0) { $0 + $1.columns } }
    var width: Int { reduction == .none ? totalColumns : 2 }

    /// The graph says what becomes of missing values; a score that is none fails the row.
    public var acceptsMissing: Bool { true }

    public func outputCount(inputCount: Int) throws(InferenceError) -> Int {
        do throws(GraphError) {
            _ = try GraphColumns(program, inputCount: inputCount)
        } catch {
            throw .invalid(error.message)
        }
        var count = 0
        for output in outputs {
            guard program.outputs.indices.contains(output.index) else {
                throw .invalid("the graph has no output \(output.index)")
            }
            try StageCheck.columns(output.columns, "the columns of an output")
            count += output.columns
        }
        try StageCheck.columns(count, "the columns of all outputs")
        guard reduction == .none || count >= 2 else {
            throw .invalid("there are no columns behind the first")
        }
        return width
    }

    public func encode(into writer: inout StageWriter) {
        let bytes = program.encoded()
        var texts: [UInt8] = []
        for output in outputs {
            for label in output.labels {
                let utf8 = Array(label.utf8)
                withUnsafeBytes(of: UInt32(utf8.count).littleEndian) {
                    texts.append(contentsOf: $0)
                }
                texts.append(contentsOf: utf8)
            }
        }
        writer.put(UInt32(width))
        writer.put(UInt32((takesSingleRows ? 1 : 0) | UInt32(reduction.rawValue) << 1))
        writer.put(UInt32(program.totalNodeCount))
        writer.put(UInt32(outputs.count))
        writer.put(UInt64(bytes.count))
        writer.put(UInt64(texts.count))
        for output in outputs {
            writer.put(UInt32(output.index))
            writer.put(UInt32(output.columns))
            writer.put(UInt32(output.labels.count))
        }
        writer.put(texts)
        writer.put(bytes)
    }

    public func reference(_ row: [Double]) -> [Double] {
        var result = [Double](repeating: .nan, count: width)
        var failed: UInt8 = 0
        row.withUnsafeBufferPointer { values in
            result.withUnsafeMutableBufferPointer { result in
                withUnsafeMutablePointer(to: &failed) { failed in
                    guard let input = values.baseAddress, let output = result.baseAddress else {
                        return
                    }
                    GraphRows(stage: self, inputCount: row.count).run(
                        StageRows(values: input, count: 1, failed: failed),
                        to: output
                    )
                }
            }
        }
        return failed == 0 ? result : result.map { _ in .nan }
    }

    /// The graph in packed bytes; it is decoded again for each call.
    public struct View: StageView {
        public let outputCount: Int
        private let inputCount: Int
        private let takesSingleRows: Bool
        private let reduction: Reduction
        private let nodeCount: Int
        private let outputSpecs: StageReader
        private let specCount: Int
        private let texts: UnsafeRawBufferPointer
        private let program: UnsafeRawBufferPointer

        public init(_ reader: inout StageReader, inputCount: Int) throws(InferenceError) {
            self.inputCount = inputCount
            outputCount = try reader.count(atMost: ModelLimits.featureCountMax, "column count")
            let flags = try reader.count(atMost: 5, "flags")
            takesSingleRows = flags & 1 != 0
            reduction = Reduction(rawValue: UInt8(flags >> 1)) ?? .none
            nodeCount = try reader.count(atMost: Int(UInt32.max), "node count")
            specCount = try reader.count(atMost: ModelLimits.featureCountMax, "output count")
            let byteCount = try reader.integer(UInt64.self)
            let textCount = try reader.integer(UInt64.self)
            guard byteCount <= UInt64(reader.remaining), textCount <= UInt64(reader.remaining)
            else { throw reader.corrupt("it ends too early") }
            outputSpecs = try reader.part(specCount * 12)
            texts = try reader.bytes(Int(textCount))
            program = try reader.bytes(Int(byteCount))
        }

        public func apply(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
            let width = outputCount
            do {
                let stage = try stage()
                guard stage.width == width, width == stage.totalColumns || stage.totalColumns > 1
                else {
                    throw InferenceError(.corruptBlock, "the graph has other columns")
                }
                GraphRows(stage: stage, inputCount: inputCount).run(rows, to: outputs)
            } catch {
                // A stage cannot report an error: bytes that are no graph fail every row.
                for row in 0..<rows.count { rows.failed[row] = 1 }
            }
        }

        public var facts: [ModelFact] { [ModelFact("graph_nodes", "\(nodeCount)")] }

        private func stage() throws(InferenceError) -> GraphStage {
            var specs = outputSpecs
            var text = 0
            var outputs: [Output] = []
            for _ in 0..<specCount {
                var output = Output(index: Int(try specs.integer(UInt32.self)))
                output.columns = Int(try specs.integer(UInt32.self))
                for _ in 0..<(try specs.count(atMost: ModelLimits.labelCountMax, "labels")) {
                    guard texts.count - text >= 4 else { throw specs.corrupt("labels") }
                    let count = Int(texts.integer(at: text, as: UInt32.self))
                    guard count <= texts.count - text - 4 else { throw specs.corrupt("labels") }
                    output.labels.append(
                        String(decoding: texts[(text + 4)..<(text + 4 + count)], as: UTF8.self)
                    )
                    text += 4 + count
                }
                outputs.append(output)
            }
            do throws(GraphError) {
                return GraphStage(
                    program: try GraphProgram(decoding: Array(program)),
                    outputs: outputs,
                    takesSingleRows: takesSingleRows,
                    reduction: reduction
                )
            } catch {
                throw InferenceError(.corruptBlock, error.message)
            }
        }
    }
}
