/// Which texts of its dictionary some rows of a string column use, found once for all who ask.
struct UsedTexts {
    /// Places in the column's dictionary, distinct, in order of first appearance.
    private(set) var indices: [UInt32] = []
    /// A code a row, counted from the first: a place among ``indices``; 0 where the row is null.
    private(set) var codes: [UInt32] = []
    private(set) var presentCount = 0
    /// Bytes of the rows' values, PLAIN.
    private(set) var plainByteCount = 0
    /// Bytes of the longest of the texts.
    private(set) var longestByteCount = 0

    /// Finds the texts of rows, whose indices lie in the dictionary or are null.
    init(_ dictionary: ParquetTexts, _ rows: ArraySlice<UInt32>) {
        // Of each text: its code above its bytes, so that a row reads one number.
        var known = [UInt64](repeating: Self.unknown, count: dictionary.count)
        let rowCount = rows.count
        var (present, byteCount) = (0, 0)
        codes = [UInt32](unsafeUninitializedCapacity: rowCount) { codes, filled in
            known.withUnsafeMutableBufferPointer { known in
                for (row, index) in rows.enumerated() {
                    guard index != ParquetColumn.nullIndex else {
                        codes.initializeElement(at: row, to: 0)
                        continue
                    }
                    var text = known[Int(index)]
                    if text == Self.unknown {
                        text = add(index, dictionary.byteCount(of: Int(index)))
                        known[Int(index)] = text
                    }
                    codes.initializeElement(at: row, to: UInt32(truncatingIfNeeded: text >> 32))
                    present &+= 1
                    byteCount &+= 4 &+ Int(text & 0xFFFF_FFFF)
                }
            }
            filled = rowCount
        }
        presentCount = present
        plainByteCount = byteCount
    }

    private static let unknown = UInt64.max

    private mutating func add(_ index: UInt32, _ byteCount: Int) -> UInt64 {
        indices.append(index)
        longestByteCount = max(longestByteCount, byteCount)
        return UInt64(indices.count - 1) << 32 | UInt64(UInt32(truncatingIfNeeded: byteCount))
    }
}
