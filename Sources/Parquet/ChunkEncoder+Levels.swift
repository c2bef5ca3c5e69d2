/// Which values of a page are there, and where lists begin.
extension ChunkEncoder {
    /// Appends the levels of a page and returns their count.
    func appendLevels(_ rows: Range<Int>, to body: inout [UInt8]) -> Int {
        guard case .doubleList(_, let offsets, _) = column else {
            if field.isOptional { appendDefinitions(rows, to: &body) }
            return rows.count
        }
        let base: UInt32 = field.isOptional ? 1 : 0
        var repetitions: [UInt32] = []
        var definitions: [UInt32] = []
        for row in rows {
            let count = offsets[row + 1] - offsets[row]
            let isPresent = presence?[row] ?? true
            repetitions.append(0)
            guard isPresent, count > 0 else {
                definitions.append(isPresent ? base : 0)
                continue
            }
            repetitions.append(contentsOf: repeatElement(1, count: count - 1))
            definitions.append(contentsOf: repeatElement(base + 2, count: count))
        }
        appendWithLength(repetitions, bitWidth: 1, to: &body)
        appendWithLength(definitions, bitWidth: 2, to: &body)
        return repetitions.count
    }

    private func appendDefinitions(_ rows: Range<Int>, to body: inout [UInt8]) {
        if let presence {
            appendWithLength(rows.map { presence[$0] ? 1 : 0 }, bitWidth: 1, to: &body)
            return
        }
        var run: [UInt8] = []
        HybridEncoding.appendRun(1, count: rows.count, 1, to: &run)
        appendLength(run.count, to: &body)
        body.append(contentsOf: run)
    }

    private func appendWithLength(
        _ levels: [UInt32],
        bitWidth: Int,
        to body: inout [UInt8]
    ) {
        var encoded: [UInt8] = []
        HybridEncoding.append(levels, bitWidth: bitWidth, to: &encoded)
        appendLength(encoded.count, to: &body)
        body.append(contentsOf: encoded)
    }

    private func appendLength(_ count: Int, to body: inout [UInt8]) {
        withUnsafeBytes(of: UInt32(truncatingIfNeeded: count).littleEndian) {
            body.append(contentsOf: $0)
        }
    }
}
