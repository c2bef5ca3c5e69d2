/// The smallest and largest value of a column chunk and its count of nulls.
struct ChunkStatistics: Equatable {
    /// PLAIN bytes; nil when there is no value to compare.
    var min: [UInt8]?
    var max: [UInt8]?
    var nullCount = 0

    /// Longer texts are left out: bounds of that length help no reader.
    private static let textByteCountMax = 256

    /// Describes rows of a column, which use these texts if it is one of strings.
    init(_ column: ParquetColumn, rows: Range<Int>, presence: [Bool]?, texts: UsedTexts?) {
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
        case .string(let dictionary, _): setTextBounds(dictionary, texts?.indices ?? [])
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

    /// Each text is compared once, however many rows have it.
    private mutating func setTextBounds(_ dictionary: ParquetTexts, _ indices: [UInt32]) {
        guard var low = indices.first, var high = indices.first else { return }
        for index in indices.dropFirst() {
            if dictionary.precedes(index, low) {
                low = index
            } else if dictionary.precedes(high, index) {
                high = index
            }
        }
        guard dictionary.byteCount(of: Int(low)) <= Self.textByteCountMax,
            dictionary.byteCount(of: Int(high)) <= Self.textByteCountMax
        else { return }
        min = dictionary.withBytes(of: Int(low)) { Array($0) }
        max = dictionary.withBytes(of: Int(high)) { Array($0) }
    }

    private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}

extension ParquetTexts {
    /// Whether a text comes before another in the order of their bytes.
    fileprivate func precedes(_ left: UInt32, _ right: UInt32) -> Bool {
        withBytes(of: Int(left)) { left in
            withBytes(of: Int(right)) { right in left.lexicographicallyPrecedes(right) }
        }
    }
}
