import Core
import Parquet
import Wire

/// The event times of a row group, whichever way its column stores them.
struct ParquetEventTimes {
    /// Microseconds since the epoch; negative when there is no good time.
    let values: [Int64]
    private let column: ParquetColumn

    /// What stands in a row without a time.
    static let missing = Int64.min
    private static let bad = Int64(-1)

    /// - Throws: ``FleetError`` `.unsupported` for a column of another type.
    init(_ column: ParquetColumn, isLocal: Bool, options: DecodeOptions) throws {
        self.column = column
        let unit = options.timeUnit
        switch column {
        case .timestamp(let times, let validity):
            let zone = options.timeZone
            let local = isLocal && !zone.isUTC
            values = Self.present(times, validity) {
                guard local, $0 >= 0 else { return $0 }
                let date = CivilDateTime(Timestamp(microseconds: $0))
                return zone.firstTimestamp(of: date).microseconds
            }
        case .int64(let numbers, let validity):
            values = Self.present(numbers, validity) { Self.microseconds($0, unit) }
        case .int32(let numbers, let validity):
            values = Self.present(numbers.map(Int64.init), validity) {
                Self.microseconds($0, unit)
            }
        case .double(let numbers, let validity):
            values = zip(numbers, validity ?? Array(repeating: true, count: numbers.count)).map {
                $1 && !$0.isNaN ? Self.microseconds($0, unit) : Self.missing
            }
        case .string(let dictionary, let indices):
            let known = try Self.times(of: dictionary, options)
            values = indices.map {
                $0 == ParquetColumn.nullIndex ? Self.missing : known[Int($0)]
            }
        case .boolean, .doubleList:
            throw FleetError(
                .unsupported,
                "the time column is of type \(column.kind.rawValue)",
                hint: "store times as timestamps, numbers since the epoch, or text"
            )
        }
    }

    /// How a row's time is written, for messages.
    func text(_ row: Int) -> String {
        switch column {
        case .timestamp(let times, _), .int64(let times, _): "\(times[row])"
        case .int32(let times, _): "\(times[row])"
        case .double(let times, _): "\(times[row])"
        case .string(let dictionary, let indices):
            indices[row] == ParquetColumn.nullIndex
                ? "" : String(dictionary[Int(indices[row])].prefix(80))
        case .boolean, .doubleList: ""
        }
    }

    private static func present(
        _ numbers: [Int64],
        _ validity: [Bool]?,
        _ time: (Int64) -> Int64
    ) -> [Int64] {
        guard let validity else { return numbers.map { max(time($0), bad) } }
        return zip(numbers, validity).map { $1 ? max(time($0), bad) : missing }
    }

    /// The times of distinct texts, understood as those of CSV tables are.
    private static func times(
        of texts: ParquetTexts,
        _ options: DecodeOptions
    ) throws -> [Int64] {
        var result = [Int64](repeating: bad, count: texts.count)
        var table = Array("time,device,sensor,value\n".utf8)
        var isEmpty = true
        for (index, text) in texts.enumerated() {
            guard !text.isEmpty else {
                result[index] = missing
                continue
            }
            isEmpty = false
            table.append(contentsOf: "\(CSVField.quoted(text)),d,s,\(index)\n".utf8)
        }
        guard !isEmpty else { return result }
        var options = options
        options.columns = [:]
        options.latestTime = nil
        var limits = Limits()
        limits.batchEventCountMax = .max
        let known = try table.withUnsafeBytes {
            try EventDecoder.decode($0, format: .csv, options: options, limits: limits).batch
        }
        for (time, value) in zip(known.times, known.values) { result[Int(value)] = time }
        return result
    }
}

extension ParquetEventTimes {
    /// Microseconds per unit, as a fraction; the unit is told by size as ``EventDecoder`` does.
    private static func scale(_ unit: EpochUnit?, _ number: Int64) -> (by: Int64, over: Int64) {
        switch unit {
        case .seconds: return (1_000_000, 1)
        case .milliseconds: return (1000, 1)
        case .microseconds: return (1, 1)
        case .nanoseconds: return (1, 1000)
        case .minutes: return (60_000_000, 1)
        case .hours: return (3_600_000_000, 1)
        case nil: break
        }
        switch number {
        case ..<100_000_000_000: return (1_000_000, 1)
        case ..<100_000_000_000_000: return (1000, 1)
        case ..<100_000_000_000_000_000: return (1, 1)
        default: return (1, 1000)
        }
    }

    private static func microseconds(_ number: Int64, _ unit: EpochUnit?) -> Int64 {
        guard number >= 0 else { return bad }
        let scale = scale(unit, number)
        let (product, isTooLarge) = number.multipliedReportingOverflow(by: scale.by)
        return isTooLarge || product > latestMicroseconds * scale.over ? bad : product / scale.over
    }

    private static func microseconds(_ number: Double, _ unit: EpochUnit?) -> Int64 {
        guard number >= 0, number < 9.2e18 else { return bad }
        let scale = scale(unit, Int64(number))
        let scaled = (number * Double(scale.by) / Double(scale.over)).rounded()
        return scaled <= Double(latestMicroseconds) ? Int64(scaled) : bad
    }

    /// 2^63 nanoseconds, in 2262.
    private static let latestMicroseconds = Int64.max / 1000
}
