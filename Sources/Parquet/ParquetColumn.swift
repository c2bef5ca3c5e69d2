/// The values of one column, an entry a row; entries of null rows hold anything.
///
/// A `validity` has an entry a row, false for null; nil means no nulls.
public enum ParquetColumn: Sendable, Equatable {
    /// 0 is false, 1 is true, -1 is null.
    case boolean([Int8])
    case int32([Int32], validity: [Bool]? = nil)
    case int64([Int64], validity: [Bool]? = nil)
    case double([Double], validity: [Bool]? = nil)
    /// Microseconds since 1970 in UTC.
    case timestamp([Int64], validity: [Bool]? = nil)
    /// Per row an index into the dictionary, or ``nullIndex``; entries should be distinct.
    case string(dictionary: ParquetTexts, indices: [UInt32])
    /// Row `r` holds `values[offsets[r]..<offsets[r + 1]]`; a null element is NaN.
    case doubleList(values: [Double], offsets: [Int], validity: [Bool]? = nil)

    /// The index that stands for null in a string column.
    public static let nullIndex = UInt32.max

    /// A list column whose rows all have the same length.
    ///
    /// - Shape: `values` is `[rowCount, listLength]`, row-major.
    public static func fixedLists(
        values: [Double],
        listLength: Int,
        rowCount: Int,
        validity: [Bool]? = nil
    ) -> ParquetColumn {
        .doubleList(
            values: values,
            offsets: (0..<(rowCount + 1)).map { $0 &* listLength },
            validity: validity
        )
    }

    /// A string column from one text a row; for small columns only.
    public static func strings(_ values: [String?]) -> ParquetColumn {
        var dictionary: [String] = []
        var known: [String: UInt32] = [:]
        let indices = values.map { value -> UInt32 in
            guard let value else { return nullIndex }
            if let index = known[value], dictionary[Int(index)].utf8.elementsEqual(value.utf8) {
                return index
            }
            let index = UInt32(dictionary.count)
            dictionary.append(value)
            known[value] = index
            return index
        }
        return .string(dictionary: ParquetTexts(dictionary), indices: indices)
    }

    public var rowCount: Int {
        switch self {
        case .boolean(let values): values.count
        case .int32(let values, _): values.count
        case .int64(let values, _), .timestamp(let values, _): values.count
        case .double(let values, _): values.count
        case .string(_, let indices): indices.count
        case .doubleList(_, let offsets, _): max(0, offsets.count - 1)
        }
    }

    public var kind: ParquetKind {
        switch self {
        case .boolean: .boolean
        case .int32: .int32
        case .int64: .int64
        case .double: .double
        case .timestamp: .timestamp
        case .string: .string
        case .doubleList: .doubleList
        }
    }

    /// Which rows hold a value, nil when all do.
    public var presence: [Bool]? {
        switch self {
        case .boolean(let values):
            values.contains { $0 < 0 } ? values.map { $0 >= 0 } : nil
        case .int32(_, let validity), .int64(_, let validity), .double(_, let validity),
            .timestamp(_, let validity), .doubleList(_, _, let validity):
            validity.flatMap { $0.contains(false) ? $0 : nil }
        case .string(_, let indices):
            indices.contains(Self.nullIndex) ? indices.map { $0 != Self.nullIndex } : nil
        }
    }
}

extension ParquetColumn {
    /// Checks that this column can be written as a field.
    ///
    /// - Throws: ``ParquetError`` `.mismatch` naming the column.
    func check(against field: ParquetField, rowCount expected: Int) throws {
        func fail(_ what: String) -> ParquetError { .mismatch(column: field.name, what: what) }
        guard kind == field.kind else {
            throw fail("it is a \(field.kind.rawValue) column, not \(kind.rawValue)")
        }
        guard rowCount == expected else {
            throw fail("it has \(rowCount) rows where others have \(expected)")
        }
        switch self {
        case .int32(_, let validity), .int64(_, let validity), .double(_, let validity),
            .timestamp(_, let validity):
            guard (validity?.count ?? expected) == expected else {
                throw fail("its validity has another length than its values")
            }
        case .boolean: break
        case .string(let dictionary, let indices):
            let count = dictionary.count
            guard indices.allSatisfy({ Int($0) < count || $0 == Self.nullIndex }) else {
                throw fail("an index lies outside its dictionary")
            }
        case .doubleList(let values, let offsets, let validity):
            guard (validity?.count ?? expected) == expected else {
                throw fail("its validity has another length than its rows")
            }
            guard offsets.count == expected + 1 || (offsets.isEmpty && expected == 0) else {
                throw fail("its offsets do not fit its rows")
            }
            guard (offsets.first ?? 0) >= 0, (offsets.last ?? 0) <= values.count,
                zip(offsets, offsets.dropFirst()).allSatisfy({ $0 <= $1 })
            else { throw fail("its offsets do not ascend within its values") }
        }
        if !field.isOptional, presence != nil { throw fail("a required column holds a null") }
    }
}
