import Core

/// The rank of every series in key order, kept up as series are added.
struct KeyOrder: Sendable {
    /// Per series id: its place among the sorted keys.
    private(set) var ranks: [UInt32] = []
    private var sorted: [UInt32] = []

    /// Ranks the series that are new since the last call.
    ///
    /// - Complexity: O(n) plus sorting the new ones; nothing when there are none.
    mutating func update(_ keys: SeriesKeys) {
        guard ranks.count < keys.count else { return }
        let added = (UInt32(ranks.count)..<UInt32(keys.count))
            .sorted { keys[Int($0)] < keys[Int($1)] }
        var merged: [UInt32] = []
        merged.reserveCapacity(keys.count)
        var old = sorted[...]
        for id in added {
            // Where the new key goes: by bisection, since few are usually added to many.
            var low = old.startIndex
            var high = old.endIndex
            while low < high {
                let middle = (low + high) / 2
                if keys[Int(old[middle])] < keys[Int(id)] {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
            merged.append(contentsOf: old[old.startIndex..<low])
            merged.append(id)
            old = old[low...]
        }
        merged.append(contentsOf: old)
        sorted = merged
        ranks = Array(repeating: 0, count: keys.count)
        for (rank, id) in sorted.enumerated() { ranks[Int(id)] = UInt32(rank) }
    }
}
