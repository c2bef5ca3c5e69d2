extension ModelView {
    /// Scores all rows of this model in one call.
    ///
    /// A row gets its decision and 1 (anomaly) unless the decision is above 0, then 0. A row with a
    /// feature that is not finite, or whose decision is not, gets NaN and -1: it failed.
    ///
    /// - Shape: `rows` is `[rowCount, featureCount]`, row-major; the outputs hold `rowCount`.
    /// - Throws: ``InferenceError`` `.shape` when a buffer has another size.
    /// - Concurrency: one scratch per thread.
    public func score(
        rows: UnsafeBufferPointer<Double>,
        rowCount: Int,
        scratch: inout ScoringScratch,
        scores: UnsafeMutableBufferPointer<Double>,
        anomalies: UnsafeMutableBufferPointer<Int8>
    ) throws(InferenceError) {
        let (expected, overflow) = rowCount.multipliedReportingOverflow(by: featureCount)
        guard rowCount >= 0, !overflow, rows.count == expected else {
            throw InferenceError(
                .shape,
                "\(rows.count) values are not \(rowCount) rows of \(featureCount) features"
            )
        }
        guard scores.count >= rowCount, anomalies.count >= rowCount else {
            throw InferenceError(.shape, "the outputs hold fewer than \(rowCount) rows")
        }
        guard let input = rows.baseAddress, let scores = scores.baseAddress,
            let anomalies = anomalies.baseAddress, rowCount > 0
        else { return }
        guard stepCount > 0 else {
            svm.decide(input, rowCount: rowCount, scores)
            finish(input, input, 0..<rowCount, scores, anomalies)
            return
        }
        let chunk = max(1, min(rowCount, ScoringScratch.chunkValueCount / widest))
        let isWhole = scratch.withHalves(of: chunk * widest) { front, back in
            var start = 0
            while start < rowCount {
                let range = start..<min(start + chunk, rowCount)
                guard
                    let transformed = transform(
                        input + start * featureCount,
                        range.count,
                        front,
                        back
                    )
                else { return false }
                svm.decide(transformed, rowCount: range.count, scores + start)
                finish(input, transformed, range, scores, anomalies)
                start = range.upperBound
            }
            return true
        }
        guard isWhole == true else { throw Self.corrupt("the steps changed while scoring") }
    }

    /// Applies the steps to a copy of rows; nil when the bytes no longer hold them.
    private func transform(
        _ rows: UnsafePointer<Double>,
        _ rowCount: Int,
        _ front: UnsafeMutablePointer<Double>,
        _ back: UnsafeMutablePointer<Double>
    ) -> UnsafePointer<Double>? {
        front.update(from: rows, count: rowCount * featureCount)
        var (current, other) = (front, back)
        var offset = BlockLayout.headerByteCount
        var columns = featureCount
        for _ in 0..<stepCount {
            guard let step = StepView(bytes, at: offset, limit: stepsEnd, columns: columns),
                step.outputCount <= widest
            else { return nil }
            if step.isInPlace {
                step.apply(inPlace: current, rowCount: rowCount)
            } else {
                step.project(current, rowCount: rowCount, to: other)
                swap(&current, &other)
            }
            offset = step.end
            columns = step.outputCount
        }
        return columns == svm.columnCount ? UnsafePointer(current) : nil
    }

    /// Settles labels: failed rows, then rows so near 0 that rounding could decide.
    private func finish(
        _ input: UnsafePointer<Double>,
        _ transformed: UnsafePointer<Double>,
        _ range: Range<Int>,
        _ scores: UnsafeMutablePointer<Double>,
        _ anomalies: UnsafeMutablePointer<Int8>
    ) {
        let columns = svm.columnCount
        for row in range {
            let values = transformed + (stepCount == 0 ? row : row - range.lowerBound) &* columns
            guard isFinite(input + row &* featureCount, featureCount), isFinite(values, columns)
            else {
                (scores[row], anomalies[row]) = (.nan, -1)
                continue
            }
            // Written so that a decision or a bound that is not a number takes this branch as well.
            if !(scores[row].magnitude > svm.uncertainty(of: values)) {
                scores[row] = svm.scalarDecision(of: values)
            }
            if scores[row].isFinite {
                anomalies[row] = scores[row] > 0 ? 0 : 1
            } else {
                (scores[row], anomalies[row]) = (.nan, -1)
            }
        }
    }

    private func isFinite(_ values: UnsafePointer<Double>, _ count: Int) -> Bool {
        // Zero times anything finite is zero, so one comparison covers the row.
        var sum = 0.0
        for column in 0..<count { sum += values[column] * 0 }
        return sum == 0
    }
}
