/// A ``ModelHead`` as the numbers of a packed model's header, and its evaluation.
struct PackedHead {
    static let column: UInt8 = 0
    static let maximum: UInt8 = 1
    static let minimum: UInt8 = 2

    static let argmax: UInt8 = 1
    static let argmin: UInt8 = 2
    static let positive: UInt8 = 3
    static let notNegative: UInt8 = 4
    static let index: UInt8 = 5

    static let notAbove: UInt8 = 1
    static let below: UInt8 = 2
    static let above: UInt8 = 3
    static let label: UInt8 = 4

    var scoreRule: UInt8 = 0
    var labelRule: UInt8 = 0
    var anomalyRule: UInt8 = 0
    var scoreColumn: UInt32 = 0
    var labelColumn: UInt32 = 0
    var labelEndColumn: UInt32 = 0
    var anomalyLabel: UInt32 = 0
    var threshold = 0.0

    init(_ head: ModelHead) {
        switch head.score {
        case .column(let column): scoreColumn = UInt32(column)
        case .maximum: scoreRule = Self.maximum
        case .minimum: scoreRule = Self.minimum
        }
        switch head.label {
        case .none: break
        case .argmax(let range):
            labelRule = Self.argmax
            labelColumn = UInt32(range.lowerBound)
            labelEndColumn = UInt32(range.upperBound)
        case .argmin(let range):
            labelRule = Self.argmin
            labelColumn = UInt32(range.lowerBound)
            labelEndColumn = UInt32(range.upperBound)
        case .positive(let column):
            labelRule = Self.positive
            labelColumn = UInt32(column)
        case .notNegative(let column):
            labelRule = Self.notNegative
            labelColumn = UInt32(column)
        case .index(let column):
            labelRule = Self.index
            labelColumn = UInt32(column)
        }
        switch head.anomaly {
        case .none: break
        case .notAbove(let value): (anomalyRule, threshold) = (Self.notAbove, value)
        case .below(let value): (anomalyRule, threshold) = (Self.below, value)
        case .above(let value): (anomalyRule, threshold) = (Self.above, value)
        case .label(let index): (anomalyRule, anomalyLabel) = (Self.label, UInt32(index))
        }
    }

    /// Reads the head of a packed model; nil when it does not fit the last stage's columns.
    @inline(__always)
    init?(_ bytes: UnsafeRawBufferPointer, outputCount: Int, labelCount: Int) {
        scoreRule = bytes[BlockLayout.scoreRuleOffset]
        labelRule = bytes[BlockLayout.labelRuleOffset]
        anomalyRule = bytes[BlockLayout.anomalyRuleOffset]
        scoreColumn = bytes.integer(at: BlockLayout.scoreColumnOffset, as: UInt32.self)
        labelColumn = bytes.integer(at: BlockLayout.labelColumnOffset, as: UInt32.self)
        labelEndColumn = bytes.integer(at: BlockLayout.labelEndColumnOffset, as: UInt32.self)
        anomalyLabel = bytes.integer(at: BlockLayout.anomalyLabelOffset, as: UInt32.self)
        threshold = bytes.double(at: BlockLayout.thresholdOffset)
        let isRange = labelRule == Self.argmax || labelRule == Self.argmin
        guard scoreRule <= Self.minimum, labelRule <= Self.index, anomalyRule <= Self.label,
            scoreColumn < outputCount, labelColumn < outputCount, !threshold.isNaN,
            !isRange || (labelColumn < labelEndColumn && labelEndColumn <= outputCount)
        else { return nil }
    }

    /// Reads the head of a packed model of one column without labels; nil for any other.
    @inline(__always)
    init?(scoreOnly bytes: UnsafeRawBufferPointer) {
        anomalyRule = bytes[BlockLayout.anomalyRuleOffset]
        threshold = bytes.double(at: BlockLayout.thresholdOffset)
        guard bytes.integer(at: BlockLayout.scoreRuleOffset, as: UInt16.self) == 0,
            bytes.integer(at: BlockLayout.scoreColumnOffset, as: UInt64.self) == 0,
            anomalyRule <= Self.above, !threshold.isNaN
        else { return nil }
    }

    /// Whether a row's score is the only number there is.
    var isFirstColumnOnly: Bool {
        scoreRule == Self.column && scoreColumn == 0 && labelRule == 0
    }

    /// The score of a row of outputs.
    func score(_ row: UnsafePointer<Double>, _ count: Int) -> Double {
        switch scoreRule {
        case Self.maximum, Self.minimum:
            let sign = scoreRule == Self.maximum ? 1.0 : -1.0
            var best = row[0]
            for column in 1..<max(1, count) where sign * row[column] > sign * best {
                best = row[column]
            }
            return best
        default: return row[Int(scoreColumn)]
        }
    }

    /// The index of a row's label; -1 when it gets none.
    func labelIndex(_ row: UnsafePointer<Double>, labelCount: Int) -> Int32 {
        let first = Int(labelColumn)
        let found: Int
        switch labelRule {
        case Self.argmax, Self.argmin:
            let sign = labelRule == Self.argmax ? 1.0 : -1.0
            var best = first
            for column in first..<Int(labelEndColumn) where sign * row[column] > sign * row[best] {
                best = column
            }
            found = best - first
        case Self.positive: found = row[first] > 0 ? 1 : 0
        case Self.notNegative: found = row[first] >= 0 ? 1 : 0
        case Self.index: found = Int(exactly: row[first].rounded()) ?? -1
        default: return -1
        }
        return (0..<labelCount).contains(found) ? Int32(found) : -1
    }

    /// The flags of scores below, at and above the threshold, a byte each; nil for a rule by label.
    var flagsByOrder: UInt32? {
        switch anomalyRule {
        case 0: 0xFF_FF_FF
        case Self.notAbove: 0x00_01_01
        case Self.below: 0x00_00_01
        case Self.above: 0x01_00_00
        default: nil
        }
    }

    /// 1 for an anomaly, 0 for none, -1 when the model has no such notion.
    func anomaly(score: Double, label: Int32) -> Int8 {
        switch anomalyRule {
        case Self.notAbove: score > threshold ? 0 : 1
        case Self.below: score < threshold ? 1 : 0
        case Self.above: score > threshold ? 1 : 0
        case Self.label: label == Int32(bitPattern: anomalyLabel) ? 1 : 0
        default: -1
        }
    }
}
