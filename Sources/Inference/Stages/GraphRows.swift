/// Runs a graph on rows: its inputs from columns, its outputs to columns.
struct GraphRows {
    let stage: GraphStage
    let inputCount: Int
    /// Elementary steps of the graph for one row: a fraction of a second.
    private static let rowWorkMax = 1 << 28

    /// Evaluates rows; where a batch fails, each of its rows is tried alone.
    func run(_ rows: StageRows, to outputs: UnsafeMutablePointer<Double>) {
        if !stage.takesSingleRows || rows.count == 1 {
            do throws(GraphError) {
                return try evaluate(rows, 0..<rows.count, outputs)
            } catch {
                // Retried below, so that one row does not fail the others.
            }
        }
        for row in 0..<rows.count {
            do throws(GraphError) {
                try evaluate(rows, row..<row + 1, outputs)
            } catch {
                rows.failed[row] = 1
            }
        }
    }

    private func evaluate(
        _ rows: StageRows,
        _ range: Range<Int>,
        _ outputs: UnsafeMutablePointer<Double>
    ) throws(GraphError) {
        let columns = try GraphColumns(stage.program, inputCount: inputCount)
        let arguments = try columns.arguments(rows, range)
        // A file is not trusted to need less time than this for a row.
        var limits = GraphLimits.standard
        limits.workMax = min(limits.workMax, max(1, range.count) &* Self.rowWorkMax)
        let results = try stage.program.run(arguments, limits: limits)
        let width = stage.width
        var first = 0
        for output in stage.outputs {
            guard results.indices.contains(output.index) else {
                throw GraphError(.invalid, "the graph has no output \(output.index)")
            }
            let values = try Self.numbers(results[output.index], output.labels)
            guard values.count == range.count * output.columns else {
                throw GraphError(
                    .shape,
                    "output \(output.index) has \(values.count) numbers for \(range.count) rows"
                )
            }
            for (offset, row) in range.enumerated() {
                for column in 0..<output.columns {
                    put(
                        values[offset &* output.columns &+ column],
                        first &+ column,
                        outputs + row &* width
                    )
                }
            }
            first += output.columns
        }
    }

    /// Stores one number of a row, or keeps the largest or smallest of those behind the first.
    private func put(_ value: Double, _ column: Int, _ row: UnsafeMutablePointer<Double>) {
        switch stage.reduction {
        case .none: row[column] = value
        case .maximum where column > 1: if value > row[1] { row[1] = value }
        case .minimum where column > 1: if value < row[1] { row[1] = value }
        case .maximum, .minimum: row[column] = value
        }
    }

    /// The numbers of an output, or the positions of its elements among the labels.
    private static func numbers(
        _ value: GraphValue,
        _ labels: [String]
    ) throws(GraphError) -> [Double] {
        guard case .tensor(let tensor) = value else {
            guard case .maps(let maps) = value else { return [] }
            return maps.values.map { Double($0) }
        }
        guard !labels.isEmpty else { return try tensor.doubles() }
        if case .string(let texts) = tensor.storage {
            var table: [String: Double] = [:]
            for (index, label) in labels.enumerated() { table[label] = Double(index) }
            return texts.map { table[$0] ?? -1 }
        }
        var table: [Int: Double] = [:]
        for (index, label) in labels.enumerated() {
            if let number = Int(label) { table[number] = Double(index) }
        }
        return try tensor.doubles().map { number in
            Int(exactly: number).flatMap { table[$0] } ?? -1
        }
    }
}
