import Core

/// The ids of series whose number in the process is known: found without their names.
struct NumberedSeries: Sendable {
    /// Who gave the numbers; those of another are forgotten.
    private var numbering: SeriesNumbering?
    /// By a number's place: the id; ``BatchRows/skip`` when it is not known.
    private var ids = Column<UInt32>()

    /// Sets the ids of series of a batch, and takes those away that are found.
    mutating func find(
        _ wanted: inout [UInt32],
        of series: SeriesDictionary,
        into result: UnsafeMutablePointer<UInt32>
    ) {
        guard let given = series.numbering else { return }
        if numbering != given {
            numbering = given
            ids = Column()
            return
        }
        var missing = 0
        wanted.withUnsafeMutableBufferPointer { wanted in
            for source in wanted {
                if let place = series.number(of: source)?.place, place < ids.count,
                    ids[place] != BatchRows.skip
                {
                    result[Int(source)] = ids[place]
                } else {
                    wanted[missing] = source
                    missing &+= 1
                }
            }
        }
        wanted.removeLast(wanted.count - missing)
    }

    /// Remembers the ids of series that were looked up by name.
    mutating func note(_ sources: [UInt32], _ found: [UInt32], of series: SeriesDictionary) {
        guard series.numbering != nil, series.numbering == numbering else { return }
        ids.makeUnique()
        for (source, id) in zip(sources, found) {
            guard let place = series.number(of: source)?.place else { continue }
            ids.grow(to: place + 1, filledWith: BatchRows.skip)
            ids.base[place] = id
        }
    }
}
