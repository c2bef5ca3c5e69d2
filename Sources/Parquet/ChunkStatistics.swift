/// The smallest and largest value of a column chunk and its count of nulls.
struct ChunkStatistics: Equatable {
    /// PLAIN bytes; nil when there is no value to compare.
    var min: [UInt8]?
    var max: [UInt8]?
    var nullCount = 0

    /// Longer texts are left out: bounds of that length help no reader.
    private static let textByteCountMax = 256

    /// Describes rows of a column.
    init(_ column: ParquetColumn, rows: Range<Int>, presence: [Bool]?) {
        if let presence { nullCount = rows.count { !presence[$0] } }
        let isPresent = { (row: Int) in presence?[row] ?? true }
        switch column {
        case .boolean(let values):
            setBounds(rows.lazy.filter(isPresent).map { values[$0] == 0 ? UInt8(0) : 1 })
        case .int32(let values, _):
            setBounds(rows.lazy.filter(isPresent).map { values[$0] })
        case .int64(let values, _), .timestamp(let values, _):
            setBounds(rows.lazy.filter(isPresent).map { values[$0] })
        case .double(let values, _):
            setDoubleBounds(rows.lazy.filter(isPresent).map { values[$0] })
        case .string(let dictionary, let indices): setTextBounds(dictionary, indices, rows)
        case .doubleList(let values, let offsets, _):
            for row in rows where isPresent(row) && offsets[row] == offsets[row + 1] {
                nullCount += 1
            }
            let present = rows.lazy.filter(isPresent)
            setDoubleBounds(present.flatMap { values[offsets[$0]..<offsets[$0 + 1]] })
        }
    }

    private mutating func setBounds<T: FixedWidthInteger>(_ values: some Sequence<T>) {
        var low = T.max
        var high = T.min
        var hasValue = false
        for value in values {
            hasValue = true
            low = Swift.min(low, value)
            high = Swift.max(high, value)
        }
        guard hasValue else { return }
        min = Self.bytes(low)
        max = Self.bytes(high)
    }

    /// A NaN bounds nothing, and a zero bound takes the sign that includes both zeros.
    private mutating func setDoubleBounds(_ values: some Sequence<Double>) {
        var low = Double.infinity
        var high = -Double.infinity
        var hasValue = false
        for value in values where !value.isNaN {
            hasValue = true
            low = Swift.min(low, value)
            high = Swift.max(high, value)
        }
        guard hasValue else { return }
        min = Self.bytes((low == 0 ? -0.0 : low).bitPattern)
        max = Self.bytes((high == 0 ? 0.0 : high).bitPattern)
    }

    private mutating func setTextBounds(
        _ dictionary: [String],
        _ indices: [UInt32],
        _ rows: Range<Int>
    ) {
        var low: UInt32?
        var high: UInt32?
        func precedes(_ left: UInt32, _ right: UInt32) -> Bool {
            var (left, right) = (dictionary[Int(left)], dictionary[Int(right)])
            return left.withUTF8 { left in
                right.withUTF8 { right in left.lexicographicallyPrecedes(right) }
            }
        }
        var last = ParquetColumn.nullIndex
        for row in rows where indices[row] != ParquetColumn.nullIndex && indices[row] != last {
            let index = indices[row]
            last = index
            guard let currentLow = low, let currentHigh = high else {
                (low, high) = (index, index)
                continue
            }
            if precedes(index, currentLow) {
                low = index
            } else if precedes(currentHigh, index) {
                high = index
            }
        }
        guard let low, let high else { return }
        let texts = (Array(dictionary[Int(low)].utf8), Array(dictionary[Int(high)].utf8))
        guard texts.0.count <= Self.textByteCountMax, texts.1.count <= Self.textByteCountMax
        else { return }
        (min, max) = (texts.0, texts.1)
    }

    private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
