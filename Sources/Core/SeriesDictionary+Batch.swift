extension SeriesDictionary {
    /// Finds or adds many keys of another dictionary; beyond `limit` keys nothing is added.
    ///
    /// Look-ups go through memory in stages, all keys at once, so that waiting for it overlaps:
    /// in a dictionary of a million keys this is several times faster than key by key.
    ///
    /// - Shape: `result` gets one id a key, `UInt32.max` for one that was not added.
    public mutating func insert(
        _ ids: [UInt32],
        of other: SeriesDictionary,
        limit: Int,
        into result: inout [UInt32]
    ) {
        result.removeAll(keepingCapacity: true)
        result.reserveCapacity(ids.count)
        reserveSlots(min(ids.count, max(0, limit - count)))
        var touched: UInt64 = 0
        var low = 0
        while low < ids.count {
            let high = min(low + 256, ids.count)
            touched &+= touch(ids[low..<high], of: other)
            for id in ids[low..<high] {
                if count < limit {
                    result.append(insert(id: id, of: other))
                } else {
                    result.append(self.id(of: id, in: other) ?? .max)
                }
            }
            low = high
        }
        withExtendedLifetime(touched) {}
    }

    /// Grows the slots once, and no further than so many more keys need.
    private mutating func reserveSlots(_ added: Int) {
        // Most keys of a batch are known: room for a few new ones is made by adding them.
        guard slots.isEmpty, added > 0 else { return }
        reserveCapacity(min(added, 1024))
    }

    /// Reads what looking up these keys will read; the sum keeps it from being left out.
    private func touch(_ ids: ArraySlice<UInt32>, of other: SeriesDictionary) -> UInt64 {
        guard !slots.isEmpty else { return 0 }
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: ids.count) { entries in
            var sum: UInt64 = 0
            let mask = slots.count &- 1
            slots.withUnsafeBufferPointer { slots in
                var place = 0
                for id in ids {
                    entries[place] = slots[Int(truncatingIfNeeded: other.hash(of: id)) & mask]
                    place &+= 1
                }
            }
            spans.withUnsafeBufferPointer { spans in
                for place in 0..<ids.count {
                    let id = Int(truncatingIfNeeded: entries[place] & 0xFFFF_FFFF) &- 1
                    entries[place] = id < 0 ? 0 : UInt64(spans[id].start)
                }
            }
            bytes.withUnsafeBufferPointer { bytes in
                for place in 0..<ids.count where Int(entries[place]) < bytes.count {
                    sum &+= UInt64(bytes[Int(entries[place])])
                }
            }
            return sum
        }
    }
}
