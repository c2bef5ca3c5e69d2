import Core
import GRDB
import Store

/// The database's ids of the series of each partition, by the ids of the partition's dictionary.
///
/// An id of the database never changes, whoever added it, so what is known stays true beside other
/// processes. A dictionary that is not the partition's own shows by its hashes, and its keys are
/// looked up.
struct SeriesIDs: Sendable {
    fileprivate struct Partition: Sendable {
        /// Per dictionary id; 0 is unknown.
        var rows: [UInt32] = []
        var hashes: [UInt64] = []
    }

    private var partitions: [Int: Partition] = [:]
    /// What the transaction that is running has noted: partition and dictionary id.
    private var noted: [(partition: Int, id: UInt32)] = []

    /// Begins a transaction.
    mutating func begin() {
        noted.removeAll(keepingCapacity: true)
    }

    /// Forgets what the transaction has noted, because it was undone.
    mutating func undo() {
        for (partition, id) in noted { partitions[partition]?.rows[Int(id)] = 0 }
        noted.removeAll()
    }

    /// The ids of dictionary ids in their order; 0 where one is unknown.
    ///
    /// - Complexity: a few nanoseconds an id.
    mutating func known(
        _ ids: [UInt32],
        of dictionary: SeriesDictionary,
        partition: Int
    ) -> [UInt32] {
        guard let known = partitions[partition] else {
            return [UInt32](repeating: 0, count: ids.count)
        }
        return [UInt32](unsafeUninitializedCapacity: ids.count) { result, count in
            known.rows.withUnsafeBufferPointer { rows in
                known.hashes.withUnsafeBufferPointer { hashes in
                    for (index, id) in ids.enumerated() {
                        let id = Int(id)
                        let isSame =
                            id < rows.count && hashes[id] == dictionary.hash(of: UInt32(id))
                        result[index] = isSame ? rows[id] : 0
                    }
                }
            }
            count = ids.count
        }
    }

    /// Notes the id of a key.
    mutating func note(
        _ id: UInt32,
        of dictionary: SeriesDictionary,
        partition: Int,
        row: UInt32
    ) {
        partitions[partition, default: Partition()].note(id, of: dictionary, row)
        noted.append((partition, id))
    }
}

extension SeriesIDs.Partition {
    fileprivate mutating func note(_ id: UInt32, of dictionary: SeriesDictionary, _ row: UInt32) {
        if rows.count <= Int(id) {
            let missing = dictionary.count - rows.count
            rows.append(contentsOf: repeatElement(0, count: missing))
            hashes.append(contentsOf: repeatElement(0, count: missing))
        }
        rows[Int(id)] = row
        hashes[Int(id)] = dictionary.hash(of: id)
    }
}

/// Dictionary ids of a partition whose database ids are wanted.
struct SeriesColumn {
    let partition: Int
    let series: SeriesDictionary
    let ids: [UInt32]
}

extension SeriesIDs {
    /// The database ids of each column's ids in their order; new series are added.
    mutating func resolve(_ columns: [SeriesColumn], _ table: SeriesTable) throws -> [[UInt32]] {
        var result = columns.map { known($0.ids, of: $0.series, partition: $0.partition) }
        // The new keys of all columns together, so that ids are given in key order.
        var unknown = SeriesDictionary()
        for (column, rows) in zip(columns, result) where rows.contains(0) {
            for (index, row) in rows.enumerated() where row == 0 {
                _ = unknown.insert(id: column.ids[index], of: column.series)
            }
        }
        if unknown.isEmpty { return result }
        let found = try table.ids(of: unknown)
        for (place, column) in columns.enumerated() where result[place].contains(0) {
            for index in result[place].indices where result[place][index] == 0 {
                let id = column.ids[index]
                let row = found[Int(unknown.insert(id: id, of: column.series))]
                result[place][index] = row
                note(id, of: column.series, partition: column.partition, row: row)
            }
        }
        return result
    }
}
