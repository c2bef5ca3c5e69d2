extension ModelView {
    /// Scores all rows of this model in one call.
    ///
    /// A row gets its score, whether it is an anomaly (1, 0; -1 when the model has no such notion)
    /// and the index of its label (-1 for none). A row with a value the model does not take, or
    /// whose score is not finite, fails: its score is NaN, the others are -1.
    ///
    /// - Shape: `rows` is `[rowCount, featureCount]`, row-major; the outputs hold `rowCount`, the
    ///   labels nothing when nobody wants them.
    /// - Throws: ``InferenceError`` `.shape` when a buffer has another size.
    /// - Concurrency: one scratch per thread.
    public func score(
        rows: UnsafeBufferPointer<Double>,
        rowCount: Int,
        scratch: inout ScoringScratch,
        scores: UnsafeMutableBufferPointer<Double>,
        anomalies: UnsafeMutableBufferPointer<Int8>,
        labels: UnsafeMutableBufferPointer<Int32>? = nil
    ) throws(InferenceError) {
        let (expected, overflow) = rowCount.multipliedReportingOverflow(by: featureCount)
        guard rowCount >= 0, !overflow, rows.count == expected else {
            throw wrongInput(rows.count, rowCount)
        }
        guard scores.count >= rowCount, anomalies.count >= rowCount,
            labels.map({ $0.count >= rowCount }) ?? true
        else { throw wrongOutputs(rowCount) }
        guard let input = rows.baseAddress, let scores = scores.baseAddress,
            let anomalies = anomalies.baseAddress, rowCount > 0
        else { return }
        if let machine {
            score(machine, input, rowCount, scores, anomalies)
            labels?.update(repeating: -1)
            return
        }
        try scoreStages(input, rowCount, &scratch, scores, anomalies, labels?.baseAddress)
    }

    /// Scores rows of any model, as many at once as fit the scratch.
    @inline(never)
    private func scoreStages(
        _ input: UnsafePointer<Double>,
        _ rowCount: Int,
        _ scratch: inout ScoringScratch,
        _ scores: UnsafeMutablePointer<Double>,
        _ anomalies: UnsafeMutablePointer<Int8>,
        _ labels: UnsafeMutablePointer<Int32>?
    ) throws(InferenceError) {
        let chunk = chunk(rowCount)
        let memory = scratch.memory(valueCount: chunk &* chain.widest, rowCount: chunk)
        var start = 0
        while start < rowCount {
            let count = min(chunk, rowCount &- start)
            memory.failed.update(repeating: 0, count: count)
            let outputs = try chain.apply(
                StageRows(
                    values: input + start &* featureCount,
                    count: count,
                    failed: memory.failed
                ),
                halves: (memory.front, memory.back)
            )
            finish(
                outputs,
                count,
                memory.failed,
                scores + start,
                anomalies + start,
                labels.map { $0 + start }
            )
            start &+= count
        }
    }

    @inline(never)
    private func wrongInput(_ count: Int, _ rowCount: Int) -> InferenceError {
        InferenceError(
            .shape,
            "\(count) values are not \(rowCount) rows of \(featureCount) features"
        )
    }

    @inline(never)
    private func wrongOutputs(_ rowCount: Int) -> InferenceError {
        InferenceError(.shape, "the outputs hold fewer than \(rowCount) rows")
    }

    /// Rows whose numbers fit the scratch.
    private func chunk(_ rowCount: Int) -> Int {
        let (values, overflow) = rowCount.multipliedReportingOverflow(by: chain.widest)
        // Dividing takes as long as evaluating some models.
        if !overflow, values <= ScoringScratch.chunkValueCount { return rowCount }
        return max(1, min(rowCount, ScoringScratch.chunkValueCount / chain.widest))
    }

    /// Turns the last stage's numbers into scores, anomalies and labels.
    private func finish(
        _ outputs: UnsafePointer<Double>,
        _ count: Int,
        _ failed: UnsafePointer<UInt8>,
        _ scores: UnsafeMutablePointer<Double>,
        _ anomalies: UnsafeMutablePointer<Int8>,
        _ labels: UnsafeMutablePointer<Int32>?
    ) {
        for row in 0..<count {
            let values = outputs + row &* chain.outputCount
            let score = head.score(values, chain.outputCount)
            let label = head.labelIndex(values, labelCount: labelCount)
            let isFailed = failed[row] != 0 || !score.isFinite
            scores[row] = isFailed ? .nan : score
            anomalies[row] = isFailed ? -1 : head.anomaly(score: score, label: label)
            if let labels { labels[row] = isFailed ? -1 : label }
        }
    }
}
