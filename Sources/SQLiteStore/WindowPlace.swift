import Core

/// A row of a batch that is to be written, with its series' database id.
struct WindowPlace {
    let end: Int64
    let series: UInt32
    let batch: UInt32
    let row: UInt32

    /// The rows of batches by end, then series, each window once with its highest revision.
    ///
    /// `series` has the database id of each row of each batch.
    static func ordered(_ batches: [WindowBatch], _ series: [[UInt32]]) -> [WindowPlace] {
        var given: [WindowPlace] = []
        given.reserveCapacity(batches.reduce(0) { $0 + $1.count })
        for (batch, windows) in batches.enumerated() {
            let ids = series[batch]
            for row in windows.ends.indices {
                given.append(
                    WindowPlace(
                        end: windows.ends[row],
                        series: ids[row],
                        batch: UInt32(truncatingIfNeeded: batch),
                        row: UInt32(truncatingIfNeeded: row)
                    )
                )
            }
        }
        // Numbers, the series above the place in which a row was given, are sorted several times as
        // fast as rows.
        var keys = given.indices.map { UInt64(given[$0].series) << 32 | UInt64($0) }
        keys.sort()
        var places = keys.map { given[Int($0 & 0xFFFF_FFFF)] }
        // Stable, and mostly all have one end.
        places.sort { $0.end < $1.end }
        keepHighestRevisions(&places, batches)
        return places
    }

    /// Leaves of the rows of one window the first with the highest revision.
    private static func keepHighestRevisions(
        _ places: inout [WindowPlace],
        _ batches: [WindowBatch]
    ) {
        var last = 0
        for index in places.indices.dropFirst() {
            let (place, kept) = (places[index], places[last])
            if place.end != kept.end || place.series != kept.series {
                last += 1
                places[last] = place
            } else if place.revision(batches) > kept.revision(batches) {
                places[last] = place
            }
        }
        places.removeLast(places.count - min(places.count, last + 1))
    }

    private func revision(_ batches: [WindowBatch]) -> Int32 {
        batches[Int(batch)].revisions[Int(row)]
    }
}
