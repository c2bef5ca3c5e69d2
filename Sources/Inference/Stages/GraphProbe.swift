/// What a graph gives for a few made-up rows: the widths and types of its outputs.
package struct GraphProbe: Sendable {
    /// One output of the graph.
    package struct Output: Sendable {
        package var name: String
        /// Nil for the maps of a classifier.
        package var type: ElementType?
        /// Numbers a row; nil when they cannot be divided among the rows.
        package var columns: Int?
        /// The keys of the maps as texts.
        package var keys: [String]
    }

    package let outputs: [Output]
    /// Whether the graph has to be given one row at a time.
    package let takesSingleRows: Bool

    private static let rowCount = 3
    /// Steps a few rows may take.
    private static let workMax = 1 << 31

    /// Runs a graph on rows of small integers, together and one at a time.
    ///
    /// - Throws: `GraphError` when inputs cannot be made of columns, or no row can be evaluated.
    package init(_ program: GraphProgram, inputCount: Int) throws(GraphError) {
        let columns = try GraphColumns(program, inputCount: inputCount)
        let isFixed = program.inputs.contains { $0.shape?.first == 1 }
        var singles: [[GraphValue]] = []
        for row in 0..<Self.rowCount {
            singles.append(try Self.run(program, columns, row..<row + 1, inputCount))
        }
        var takesSingleRows = isFixed
        if !isFixed {
            do throws(GraphError) {
                let all = try Self.run(program, columns, 0..<Self.rowCount, inputCount)
                takesSingleRows = !Self.isSame(all, singles)
            } catch {
                takesSingleRows = true
            }
        }
        self.takesSingleRows = takesSingleRows
        outputs = zip(program.outputs, singles[0]).map { port, value in
            Self.output(port.name, value)
        }
    }

    private static func output(_ name: String, _ value: GraphValue) -> Output {
        switch value {
        case .tensor(let tensor):
            return Output(name: name, type: tensor.type, columns: tensor.count, keys: [])
        case .maps(let maps):
            let keys: [String]
            switch maps.keys {
            case .integers(let values): keys = values.map { "\($0)" }
            case .strings(let values): keys = values
            }
            return Output(name: name, type: nil, columns: maps.values.count, keys: keys)
        }
    }

    private static func run(
        _ program: GraphProgram,
        _ columns: GraphColumns,
        _ range: Range<Int>,
        _ inputCount: Int
    ) throws(GraphError) -> [GraphValue] {
        var values: [Double] = []
        for row in 0..<rowCount {
            for column in 0..<inputCount { values.append(Double(row * (column % 5 + 1))) }
        }
        var failed = [UInt8](repeating: 0, count: rowCount)
        let arguments = try values.withUnsafeBufferPointer { values throws(GraphError) in
            try failed.withUnsafeMutableBufferPointer { failed throws(GraphError) in
                guard let input = values.baseAddress, let flags = failed.baseAddress else {
                    throw GraphError(.shape, "the graph takes no columns")
                }
                return try columns.arguments(
                    StageRows(values: input, count: rowCount, failed: flags),
                    range
                )
            }
        }
        // A file is not trusted to need less time than this.
        var limits = GraphLimits.standard
        limits.workMax = workMax
        return try program.run(arguments, limits: limits)
    }

    /// Whether rows together give what each gives alone.
    private static func isSame(_ all: [GraphValue], _ singles: [[GraphValue]]) -> Bool {
        for (index, value) in all.enumerated() {
            var joined: [GraphValue] = []
            for single in singles where single.indices.contains(index) {
                joined.append(single[index])
            }
            guard elements(of: value) == joined.flatMap({ elements(of: $0) }) else { return false }
        }
        return true
    }

    private static func elements(of value: GraphValue) -> [String] {
        switch value {
        case .maps(let maps): return maps.values.map { "\($0)" }
        case .tensor(let tensor):
            if case .string(let texts) = tensor.storage { return texts }
            do throws(GraphError) {
                return try tensor.doubles().map { "\($0)" }
            } catch {
                return []
            }
        }
    }
}
