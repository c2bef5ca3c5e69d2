internal import Core

/// All texts of a writer, equal ones stored once as far as the table of them reaches.
struct TextStore: Sendable {
    private let place: SpoolPlace
    private var spool: PackSpool?
    private var starts = PiecewiseArray<UInt64>()
    private var table = TextTable()
    /// Bytes of the spool that were read ahead, and where they begin.
    private var ahead: [UInt8] = []
    private var aheadStart = 0
    private var lastEnd = 0

    private static let aheadByteCount = 256 << 10
    private static let gapByteCount = 4 << 10

    init(_ place: SpoolPlace) { self.place = place }

    var count: Int { starts.count }

    /// The number of a text, which is stored when it is new or the table is full.
    mutating func number(
        of text: UnsafeRawBufferPointer,
        hash: UInt64,
        isShared: Bool
    ) throws -> UInt32 {
        if isShared, let number = table.number(of: text, hash: hash) { return number }
        let spool = try self.spool ?? PackSpool(place, suffix: "texts")
        self.spool = spool
        guard let number = UInt32(exactly: starts.count), number < UInt32.max - 1 else {
            throw FleetError(.resourceExhausted, "a fleet version holds at most 2^32 texts")
        }
        starts.append(UInt64(try spool.append(text)))
        if isShared { table.insert(text, hash: hash, number: number) }
        return number
    }

    /// Runs with a text; quick for texts in about the order in which they were added.
    mutating func withText(
        _ number: Int,
        _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        guard let spool else { return }
        let start = Int(starts[number])
        let end = number + 1 < starts.count ? Int(starts[number + 1]) : spool.count
        let known = aheadStart + ahead.count
        if start < aheadStart || end > known {
            // Reads ahead only where reading goes on, so that random order reads nothing in vain.
            let isNext = start >= lastEnd && start - lastEnd <= Self.gapByteCount
            let count = isNext ? max(end - start, Self.aheadByteCount) : end - start
            let range = start..<min(spool.count, start + count)
            ahead = try spool.withBytes(range) { Array($0) }
            aheadStart = start
        }
        lastEnd = end
        try ahead.withUnsafeBytes { try body($0.part(start - aheadStart, end - start)) }
    }
}
