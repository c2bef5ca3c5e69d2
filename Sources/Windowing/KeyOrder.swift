import Core

/// The rank of every series in key order, kept up as series are added.
struct KeyOrder: Sendable {
    /// Per series id: its place among the sorted keys.
    private(set) var ranks: [UInt32] = []
    private var sorted: [UInt32] = []
    private var scratch: [UInt64] = []

    /// Sorts slots by the key of their series, keeping the order of those of one series.
    ///
    /// Few slots are compared by name while there are new series, so that series that trickle in
    /// do not rank everything again at each closing.
    mutating func sort(
        _ slots: inout [Int32],
        _ keys: SeriesDictionary,
        series: (Int32) -> UInt32
    ) {
        guard slots.count > 1 else { return }
        if ranks.count < keys.count, slots.count &* 16 < keys.count {
            let order = slots.indices.sorted { left, right in
                let (a, b) = (series(slots[left]), series(slots[right]))
                return a == b ? left < right : keys.precedes(a, b)
            }
            slots = order.map { slots[$0] }
            return
        }
        update(keys)
        var items: [UInt64] = []
        items.reserveCapacity(slots.count)
        for slot in slots {
            let rank = ranks[Int(series(slot))]
            items.append(UInt64(rank) << 32 | UInt64(UInt32(bitPattern: slot)))
        }
        let bitCount = Int.bitWidth - max(1, keys.count - 1).leadingZeroBitCount
        RadixSort.sort(&items, bitCount: bitCount, scratch: &scratch)
        for index in items.indices {
            slots[index] = Int32(truncatingIfNeeded: items[index])
        }
    }

    /// Ranks the series that are new since the last call.
    ///
    /// - Complexity: O(n) plus sorting the new ones; nothing when there are none.
    mutating func update(_ keys: SeriesDictionary) {
        guard ranks.count < keys.count else { return }
        let added = Self.sortedIDs(UInt32(ranks.count)..<UInt32(keys.count), keys)
        var merged: [UInt32] = []
        merged.reserveCapacity(keys.count)
        var old = sorted[...]
        for id in added {
            // Where the new key goes: by bisection, since few are usually added to many.
            var low = old.startIndex
            var high = old.endIndex
            while low < high {
                let middle = (low + high) / 2
                if keys.precedes(old[middle], id) {
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
        ranks.reserveCapacity(keys.count)
        ranks.append(contentsOf: repeatElement(0, count: keys.count - ranks.count))
        for rank in sorted.indices { ranks[Int(sorted[rank])] = UInt32(rank) }
    }

    /// Sorts ids by key: by eight bytes behind what all devices begin with, then by the rest.
    private static func sortedIDs(_ ids: Range<UInt32>, _ keys: SeriesDictionary) -> [UInt32] {
        let common = commonByteCount(ids, keys)
        var items: [(prefix: UInt64, id: UInt32)] = []
        items.reserveCapacity(ids.count)
        for id in ids {
            let prefix = keys.withBytes(of: id) { device, _ in
                var prefix: UInt64 = 0
                for index in common..<(common + 8) {
                    prefix = prefix << 8 | (index < device.count ? UInt64(device[index]) : 0)
                }
                return prefix
            }
            items.append((prefix, id))
        }
        items.sort {
            $0.prefix == $1.prefix ? keys.precedes($0.id, $1.id) : $0.prefix < $1.prefix
        }
        return items.map(\.id)
    }

    /// How many bytes all these devices begin with.
    private static func commonByteCount(_ ids: Range<UInt32>, _ keys: SeriesDictionary) -> Int {
        guard let first = ids.first else { return 0 }
        return keys.withBytes(of: first) { shared, _ in
            var count = shared.count
            for id in ids.dropFirst() where count > 0 {
                keys.withBytes(of: id) { device, _ in
                    var equal = 0
                    while equal < count, equal < device.count, device[equal] == shared[equal] {
                        equal += 1
                    }
                    count = equal
                }
            }
            return count
        }
    }
}
