import Core
import Parquet
import Wire

/// A column of names: devices or sensors.
struct ParquetNames {
    /// Distinct texts, or at least few more than that.
    let texts: ParquetTexts
    /// An index into the texts per row; ``ParquetColumn/nullIndex`` without a name.
    let indices: [UInt32]
    private let isAllowed: [Bool]

    /// - Throws: ``FleetError`` `.unsupported` for a column of another type.
    init(_ column: ParquetColumn, _ name: String) throws {
        switch column {
        case .string(let dictionary, let rows): self.init(dictionary, rows)
        case .int64(let numbers, let validity):
            self.init(numbers: numbers, validity)
        case .int32(let numbers, let validity):
            self.init(numbers: numbers.map(Int64.init), validity)
        default:
            throw FleetError(
                .unsupported,
                "the column \"\(name)\" is of type \(column.kind.rawValue), not of names",
                hint: "store it as text"
            )
        }
    }

    /// One name for all rows.
    init(one name: String, rowCount: Int) {
        self.init([name], Array(repeating: 0, count: rowCount))
    }

    /// The names of columns; rows have none.
    init(_ names: [String]) { self.init(ParquetTexts(names), []) }

    private init(numbers: [Int64], _ validity: [Bool]?) {
        let texts = ParquetColumn.strings(
            numbers.indices.map { validity?[$0] ?? true ? "\(numbers[$0])" : nil }
        )
        guard case .string(let dictionary, let rows) = texts else {
            self.init([], [])
            return
        }
        self.init(dictionary, rows)
    }

    /// Texts are merged when there are many, which means that the file has no dictionary.
    private init(_ dictionary: ParquetTexts, _ rows: [UInt32]) {
        var texts = dictionary
        var rows = rows
        if dictionary.count > 1 << 12 || dictionary.count * 4 > rows.count, !rows.isEmpty {
            var distinct = DistinctTexts()
            let merged = dictionary.indices.map { index in
                dictionary.withBytes(of: index) { distinct.number(of: $0) }
            }
            texts = distinct.texts
            rows = rows.map { $0 == ParquetColumn.nullIndex ? $0 : merged[Int($0)] }
        }
        self.texts = texts
        indices = rows
        isAllowed = texts.indices.map { index in
            texts.withBytes(of: index) {
                1...SeriesKey.partByteCountMax ~= $0.count && SeriesKey.isAllowed($0)
            }
        }
    }

    /// Whether there is a name at an index, and it is allowed.
    func isUsable(_ index: Int) -> Bool { index < isAllowed.count && isAllowed[index] }

    /// Why the name at an index cannot be used.
    func reason(_ index: Int, none: RejectReason) -> RejectReason {
        index < texts.count && texts.byteCount(of: index) > 0 ? .badName : none
    }

    func text(_ index: Int) -> String {
        index < texts.count ? String(texts[index].prefix(80)) : ""
    }
}

/// A column of readings.
struct ParquetNumbers {
    /// NaN where there is no reading, or none that is a number.
    let values: [Double]
    /// Per row: the text that is no number.
    private var bad: [Int: String] = [:]

    /// - Throws: ``FleetError`` `.unsupported` for a column of another type.
    init(_ column: ParquetColumn, _ name: String) throws {
        switch column {
        case .double(let numbers, let validity): values = Self.present(numbers, validity)
        case .int64(let numbers, let validity):
            values = Self.present(numbers.map(Double.init), validity)
        case .int32(let numbers, let validity):
            values = Self.present(numbers.map(Double.init), validity)
        case .boolean(let flags): values = flags.map { $0 < 0 ? .nan : Double($0) }
        case .string(let dictionary, let indices):
            let known = dictionary.map { Double($0) ?? .nan }
            values = indices.map { $0 == ParquetColumn.nullIndex ? .nan : known[Int($0)] }
            for (row, index) in indices.enumerated()
            where index != ParquetColumn.nullIndex && values[row].isNaN {
                let text = dictionary[Int(index)]
                if !text.isEmpty { bad[row] = String(text.prefix(80)) }
            }
        default:
            throw FleetError(
                .unsupported,
                "the column \"\(name)\" is of type \(column.kind.rawValue), not of numbers",
                hint: "store it as double"
            )
        }
    }

    func badText(_ row: Int) -> String? { bad.isEmpty ? nil : bad[row] }

    private static func present(_ numbers: [Double], _ validity: [Bool]?) -> [Double] {
        guard let validity else { return numbers }
        return zip(numbers, validity).map { $1 ? $0 : .nan }
    }
}
