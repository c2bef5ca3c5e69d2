/// Values one after another, little-endian, without nulls.
///
/// - Source: Encodings.md of apache/parquet-format, "Plain".
enum PlainEncoding {
    /// Appends the values of rows that hold one.
    static func append(
        _ column: ParquetColumn,
        rows: Range<Int>,
        presence: [Bool]?,
        to out: inout [UInt8]
    ) {
        switch column {
        case .boolean(let values): appendBits(values, rows, to: &out)
        case .int32(let values, _): appendFixed(values, rows, presence, to: &out)
        case .int64(let values, _), .timestamp(let values, _):
            appendFixed(values, rows, presence, to: &out)
        case .double(let values, _): appendFixed(values, rows, presence, to: &out)
        case .string(let dictionary, let indices):
            for row in rows where indices[row] != ParquetColumn.nullIndex {
                append(dictionary, Int(indices[row]), to: &out)
            }
        case .doubleList(let values, let offsets, _):
            if presence == nil {
                appendFixed(
                    values,
                    offsets[rows.lowerBound]..<offsets[rows.upperBound],
                    nil,
                    to: &out
                )
            } else {
                for row in rows where presence?[row] ?? true {
                    appendFixed(values, offsets[row]..<offsets[row + 1], nil, to: &out)
                }
            }
        }
    }

    /// Appends a text with its length before it.
    static func append(_ texts: ParquetTexts, _ index: Int, to out: inout [UInt8]) {
        texts.withBytes(of: index) { text in
            let count = UInt32(truncatingIfNeeded: text.count)
            withUnsafeBytes(of: count.littleEndian) { out.append(contentsOf: $0) }
            out.append(contentsOf: text)
        }
    }

    private static func appendFixed<T: BitwiseCopyable>(
        _ values: [T],
        _ range: Range<Int>,
        _ presence: [Bool]?,
        to out: inout [UInt8]
    ) {
        values.withUnsafeBytes { bytes in
            let stride = MemoryLayout<T>.stride
            guard let presence else {
                out.append(
                    contentsOf: bytes[(range.lowerBound * stride)..<(range.upperBound * stride)]
                )
                return
            }
            for row in range where presence[row] {
                out.append(contentsOf: bytes[(row * stride)..<(row * stride + stride)])
            }
        }
    }

    private static func appendBits(
        _ values: [Int8],
        _ range: Range<Int>,
        to out: inout [UInt8]
    ) {
        var byte: UInt8 = 0
        var bit: UInt8 = 0
        for row in range where values[row] >= 0 {
            if values[row] != 0 { byte |= 1 << bit }
            bit += 1
            if bit == 8 {
                out.append(byte)
                byte = 0
                bit = 0
            }
        }
        if bit > 0 { out.append(byte) }
    }
}
