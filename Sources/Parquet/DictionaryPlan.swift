/// The dictionary of a column chunk and the code of each of its rows.
struct DictionaryPlan {
    /// The distinct values, PLAIN, in order of first appearance.
    var page: [UInt8] = []
    var count = 0
    /// A code a row, counted from the chunk's first row; 0 where the row is null.
    var codes: [UInt32] = []

    /// Bits of one code; a lone entry still takes one, as other writers do.
    var bitWidth: Int { max(1, HybridEncoding.bitWidth(max: count - 1)) }

    /// The largest dictionary worth keeping.
    private static let byteCountMax = 64 << 20
    /// Distinct numbers beyond which a dictionary is not worth it.
    private static let numberCountMax = 65_536

    /// The plan for rows of a column, nil when plain values take less space.
    ///
    /// Rows of a string column use these texts.
    static func make(
        _ column: ParquetColumn,
        rows: Range<Int>,
        presence: [Bool]?,
        texts: UsedTexts?
    ) -> DictionaryPlan? {
        switch column {
        case .boolean, .doubleList: nil
        case .string(let dictionary, _): texts.flatMap { plan(dictionary, $0) }
        case .int32(let values, _):
            numbers(rows, presence, width: 4) { UInt64(UInt32(bitPattern: values[$0])) }
        case .int64(let values, _), .timestamp(let values, _):
            numbers(rows, presence, width: 8) { UInt64(bitPattern: values[$0]) }
        case .double(let values, _):
            numbers(rows, presence, width: 8) { values[$0].bitPattern }
        }
    }

    private static func plan(_ dictionary: ParquetTexts, _ used: UsedTexts) -> DictionaryPlan? {
        var plan = DictionaryPlan()
        plan.count = used.indices.count
        for index in used.indices {
            let isTooLarge =
                plan.page.count + dictionary.byteCount(of: Int(index)) >= byteCountMax
            if isTooLarge { return nil }
            PlainEncoding.append(dictionary, Int(index), to: &plan.page)
        }
        plan.codes = used.codes
        let isSmaller = plan.isSmaller(
            than: used.plainByteCount,
            valueCount: used.presentCount
        )
        return isSmaller ? plan : nil
    }

    private static func numbers(
        _ rows: Range<Int>,
        _ presence: [Bool]?,
        width: Int,
        _ bits: (Int) -> UInt64
    ) -> DictionaryPlan? {
        var plan = DictionaryPlan()
        var table = NumberTable()
        var presentCount = 0
        plan.codes.reserveCapacity(rows.count)
        for row in rows {
            guard presence?[row] ?? true else {
                plan.codes.append(0)
                continue
            }
            presentCount += 1
            plan.codes.append(table.code(of: bits(row)))
            let isHopeless =
                table.values.count > numberCountMax
                || (presentCount >= 1024 && table.values.count > presentCount / 2)
            if isHopeless { return nil }
        }
        plan.count = table.values.count
        plan.page.reserveCapacity(plan.count * width)
        for value in table.values {
            withUnsafeBytes(of: value.littleEndian) {
                plan.page.append(contentsOf: $0.prefix(width))
            }
        }
        return plan.isSmaller(than: presentCount * width, valueCount: presentCount) ? plan : nil
    }

    private func isSmaller(than plainByteCount: Int, valueCount: Int) -> Bool {
        count > 0 && page.count + valueCount * bitWidth / 8 + 32 < plainByteCount
    }
}

/// Gives distinct numbers dense codes, by open addressing.
private struct NumberTable {
    private(set) var values: [UInt64] = []
    /// 0 is empty, else code + 1; the size is a power of two.
    private var slots = [UInt32](repeating: 0, count: 64)
    private var last: (value: UInt64, code: UInt32)?

    /// The code of a number, a new one at its first appearance.
    mutating func code(of value: UInt64) -> UInt32 {
        if let last, last.value == value { return last.code }
        let mask = slots.count - 1
        var slot = Self.hash(value) & mask
        while slots[slot] != 0, values[Int(slots[slot] - 1)] != value { slot = (slot + 1) & mask }
        if slots[slot] == 0 {
            values.append(value)
            slots[slot] = UInt32(values.count)
        }
        let code = slots[slot] - 1
        last = (value, code)
        if values.count * 2 > slots.count { grow() }
        return code
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: slots.count * 2)
        let mask = slots.count - 1
        for (code, value) in values.enumerated() {
            var slot = Self.hash(value) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = UInt32(code) + 1
        }
    }

    private static func hash(_ value: UInt64) -> Int {
        let mixed = (value ^ (value >> 32)) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed >> 20)
    }
}
