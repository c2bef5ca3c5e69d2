import Core

/// The ids of series whose number in the process is known: found without their names.
struct NumberedSeries: Sendable {
    /// Who gave the numbers; those of another are forgotten.
    private var numbering: SeriesNumbering?
    /// The partition whose places count; what is said of others is looked up by name.
    private var partition: Int?
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
            self = NumberedSeries()
            numbering = given
        }
        guard ids.count > 0 else { return }
        var missing = 0
        wanted.withUnsafeMutableBufferPointer { wanted in
            for index in wanted.indices {
                let source = wanted[index]
                if let place = place(of: source, in: series), place < ids.count,
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
            if partition == nil { partition = series.number(of: source)?.partition }
            guard let place = place(of: source, in: series) else { continue }
            ids.grow(to: place + 1, filledWith: BatchRows.skip)
            ids.base[place] = id
        }
    }

    @inline(__always)
    private func place(of source: UInt32, in series: SeriesDictionary) -> Int? {
        guard let number = series.number(of: source), number.partition == partition else {
            return nil
        }
        return number.place
    }
}
