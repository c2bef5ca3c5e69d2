import Core

/// The ids of series whose number in the process is known: found without their names.
struct NumberedSeries: Sendable {
    /// Who gave the numbers; those of another are forgotten.
    private var numbering: SeriesNumbers?
    /// By a number's place: the id; ``BatchRows/skip`` when it is not known.
    private var ids = Column<UInt32>()

    /// Sets the id of each row, ``BatchRows/skip`` where it is not known.
    ///
    /// - Returns: the numbers that are not known, each once, in the order of the rows.
    mutating func find(
        _ events: NumberedEvents,
        into result: UnsafeMutablePointer<UInt32>
    ) -> [SeriesNumber] {
        if numbering !== events.numbering {
            self = NumberedSeries()
            numbering = events.numbering
        }
        var fresh: [SeriesNumber] = []
        var seen: Set<SeriesNumber> = []
        events.numbers.withUnsafeBufferPointer { numbers in
            for row in numbers.indices {
                let place = numbers[row].place
                let id = place < ids.count ? ids[place] : BatchRows.skip
                result[row] = id
                if id == BatchRows.skip, seen.insert(numbers[row]).inserted {
                    fresh.append(numbers[row])
                }
            }
        }
        return fresh
    }

    /// Remembers the ids of numbers; those of series that are too many stay unknown.
    mutating func note(_ numbers: [SeriesNumber], _ found: [UInt32]) {
        ids.makeUnique()
        for (number, id) in zip(numbers, found) {
            ids.grow(to: number.place + 1, filledWith: BatchRows.skip)
            ids.base[number.place] = id
        }
    }
}
