internal import Core

/// Texts by their bytes, each with a number, bounded in count and bytes.
struct TextTable: Sendable {
    private struct Entry {
        let hash: UInt64
        let start: Int
        let count: Int
        let number: UInt32
        let isShared: Bool
    }

    private let entryCountMax: Int
    private let byteCountMax: Int
    private var arena: [UInt8] = []
    private var entries: ContiguousArray<Entry> = []
    /// Open addressing: positions in `entries` plus 1, 0 for a free slot; a power of two of them.
    private var slots: ContiguousArray<UInt32>

    /// A table that takes no more texts once it has as many, or as many bytes.
    init(entryCountMax: Int = 1 << 20, byteCountMax: Int = 64 << 20) {
        self.entryCountMax = entryCountMax
        self.byteCountMax = byteCountMax
        slots = ContiguousArray(repeating: 0, count: 64)
    }

    /// The number of a text, nil when the table does not have it.
    func number(of text: UnsafeRawBufferPointer, hash: UInt64) -> UInt32? {
        arena.withUnsafeBytes { arena in
            var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
            while slots[slot] != 0 {
                let entry = entries[Int(slots[slot]) - 1]
                if entry.hash == hash, entry.count == text.count,
                    arena.part(entry.start, entry.count).elementsEqual(text)
                {
                    return entry.number
                }
                slot = (slot + 1) & (slots.count - 1)
            }
            return nil
        }
    }

    /// Remembers a text that the table does not have yet, while there is room.
    ///
    /// One that is not shared is kept, but not found again.
    mutating func insert(
        _ text: UnsafeRawBufferPointer,
        hash: UInt64,
        number: UInt32,
        isShared: Bool = true
    ) {
        guard entries.count < entryCountMax, text.count <= byteCountMax - arena.count else {
            return
        }
        entries.append(
            Entry(
                hash: hash,
                start: arena.count,
                count: text.count,
                number: number,
                isShared: isShared
            )
        )
        arena.append(contentsOf: text)
        guard isShared else { return }
        if entries.count * 2 > slots.count { grow() }
        place(hash, UInt32(entries.count))
    }

    mutating func removeAll() {
        arena.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
        for slot in slots.indices { slots[slot] = 0 }
    }

    /// Runs with every text in the order of insertion.
    func forEach(
        _ body: (_ text: UnsafeRawBufferPointer, _ hash: UInt64, _ isShared: Bool) throws -> Void
    ) rethrows {
        try arena.withUnsafeBytes { arena in
            for entry in entries {
                try body(arena.part(entry.start, entry.count), entry.hash, entry.isShared)
            }
        }
    }

    private mutating func grow() {
        slots = ContiguousArray(repeating: 0, count: slots.count * 2)
        for index in 0..<(entries.count - 1) where entries[index].isShared {
            place(entries[index].hash, UInt32(index + 1))
        }
    }

    private mutating func place(_ hash: UInt64, _ value: UInt32) {
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = value
    }
}
