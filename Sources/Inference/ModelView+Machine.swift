/// The short way of a model that is one support-vector machine without other stages, as most are.
///
/// A row of a small machine is decided in 30 ns, so opening it and turning its decision into a
/// score must take no more steps than they need.
extension ModelView {
    /// Opens bytes that are exactly what the encoder writes for one machine.
    ///
    /// Nil for all others, damaged or not: they are opened, and refused, the long way. What is
    /// accepted here is accepted there.
    @inline(__always)
    init?(machineIn bytes: UnsafeRawBufferPointer) {
        let payload = BlockLayout.headerByteCount &+ BlockLayout.stageByteCount
        guard let base = bytes.baseAddress, bytes.count > payload,
            UInt(bitPattern: base) % 8 == 0, bytes.count <= ModelLimits.byteCountMax
        else { return nil }
        let size = UInt64(bytes.count)
        let columns = bytes.integer(at: BlockLayout.featureCountOffset, as: UInt32.self)
        let entry = BlockLayout.headerByteCount
        guard bytes.integer(at: 0, as: UInt32.self) == BlockLayout.magic,
            bytes.integer(at: BlockLayout.familyOffset, as: UInt16.self)
                == SupportVectorMachine.code,
            columns >= 1, columns <= ModelLimits.featureCountMax,
            bytes.integer(at: BlockLayout.stageCountOffset, as: UInt32.self) == 1,
            bytes.integer(at: BlockLayout.byteCountOffset, as: UInt64.self) == size,
            bytes.integer(at: BlockLayout.widestOffset, as: UInt32.self) == columns,
            bytes.integer(at: BlockLayout.labelsOffset, as: UInt64.self) == size,
            bytes.integer(at: BlockLayout.labelsByteCountOffset, as: UInt64.self) == 0,
            bytes.integer(at: BlockLayout.labelCountOffset, as: UInt32.self) == 0,
            bytes.integer(at: entry, as: UInt32.self) == UInt32(SupportVectorMachine.code),
            bytes.integer(at: entry &+ BlockLayout.stageInputsOffset, as: UInt32.self) == columns,
            bytes.integer(at: entry &+ BlockLayout.stageOutputsOffset, as: UInt32.self) == 1,
            bytes.integer(at: entry &+ BlockLayout.stagePayloadOffset, as: UInt64.self)
                == UInt64(payload),
            bytes.integer(at: entry &+ BlockLayout.stagePayloadByteCountOffset, as: UInt64.self)
                == size &- UInt64(payload),
            let head = PackedHead(scoreOnly: bytes), let flags = head.flagsByOrder,
            let machine = SupportVectorMachine.View(
                whole: base + payload,
                byteCount: bytes.count &- payload,
                inputCount: Int(columns)
            ), machine.hasCommonUncertainty
        else { return nil }
        self.bytes = bytes
        self.machine = machine
        self.flags = flags
        byteCount = bytes.count
        family = SupportVectorMachine.code
        featureCount = Int(columns)
        chain = StageChain(base, machine: machine, entries: entry, end: bytes.count)
        labelCount = 0
        labels = bytes.count..<bytes.count
        self.head = head
    }

    /// Scores rows of a machine that went the short way.
    @inline(__always)
    func score(
        _ machine: SupportVectorMachine.View,
        _ rows: UnsafePointer<Double>,
        _ rowCount: Int,
        _ scores: UnsafeMutablePointer<Double>,
        _ anomalies: UnsafeMutablePointer<Int8>
    ) {
        let bound = machine.commonUncertainty
        let threshold = head.threshold
        let flags = flags
        machine.decide(rows, rowCount, scores)
        for row in 0..<rowCount {
            let score = scores[row]
            // Without a branch on the order, which no CPU could predict.
            let order = 1 &+ (score > threshold ? 1 : 0) &- (score < threshold ? 1 : 0)
            anomalies[row] = Int8(truncatingIfNeeded: flags &>> (order &* 8))
            // Written so that a decision or a bound that is no number takes this branch too.
            if !(score.magnitude > bound && score.magnitude < .infinity) {
                let values = rows + row &* featureCount
                (scores[row], anomalies[row]) = decideAgain(machine, values)
            }
        }
        guard !StageRows.areFinite(rows, rowCount &* featureCount) else { return }
        failRows(rows, rowCount, scores, anomalies)
    }

    /// The score and the flag of a row whose decision is near 0 or not finite.
    @inline(never)
    private func decideAgain(
        _ machine: SupportVectorMachine.View,
        _ row: UnsafePointer<Double>
    ) -> (Double, Int8) {
        let score = machine.scalarDecision(of: row)
        return score.isFinite ? (score, head.anomaly(score: score, label: -1)) : (.nan, -1)
    }

    /// Fails rows with a number that is infinite or missing.
    @inline(never)
    private func failRows(
        _ rows: UnsafePointer<Double>,
        _ rowCount: Int,
        _ scores: UnsafeMutablePointer<Double>,
        _ anomalies: UnsafeMutablePointer<Int8>
    ) {
        for row in 0..<rowCount
        where !StageRows.areFinite(rows + row &* featureCount, featureCount) {
            (scores[row], anomalies[row]) = (.nan, -1)
        }
    }
}
