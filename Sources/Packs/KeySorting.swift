internal import Core

/// Sorts keys by an index, which is quick when they are almost in order.
enum KeySorting {
    /// Positions in key order.
    ///
    /// - Throws: ``FleetError`` `.conflict` naming keys that are there twice.
    static func order(of keys: KeyColumn) throws -> [UInt32] {
        var order = Array(0..<UInt32(keys.count))
        try keys.withKeys { key in
            let isSorted = (1..<max(1, keys.count)).allSatisfy {
                key($0 - 1).compared(to: key($0)) < 0
            }
            guard !isSorted else { return }
            order.sort { key(Int($0)).compared(to: key(Int($1))) < 0 }
            try refuseDuplicates(order, key)
        }
        return order
    }

    private static func refuseDuplicates(
        _ order: [UInt32],
        _ key: (Int) -> KeyBytes
    ) throws {
        var duplicates: [SeriesKey] = []
        var duplicateCount = 0
        for (left, right) in zip(order, order.dropFirst())
        where key(Int(left)).compared(to: key(Int(right))) == 0 {
            let name = SeriesKey(key(Int(left)))
            guard duplicates.last != name else { continue }
            duplicateCount += 1
            if duplicates.count < 5 { duplicates.append(name) }
        }
        guard duplicateCount > 0 else { return }
        let names = duplicates.map(\.description).joined(separator: ", ")
        let more = duplicateCount > 5 ? " and \(duplicateCount - 5) more" : ""
        throw FleetError(
            .conflict,
            "more than one model has the key \(names)\(more)",
            hint: "keep one model for each key"
        )
    }
}
