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

/// Finds the ids of series in the database, and adds series that are new.
struct SeriesTable {
    private let db: Database
    private let now: Timestamp
    private let find: RawStatement
    private let add: RawStatement

    init(_ db: Database, now: Timestamp) throws {
        self.db = db
        self.now = now
        find = try RawStatement(db, "SELECT id FROM series_data WHERE device = ? AND sensor = ?")
        add = try RawStatement(
            db,
            "INSERT INTO series_data (device, sensor, first_seen_at) VALUES (?, ?, ?) "
                + "ON CONFLICT DO NOTHING"
        )
    }

    /// The id of each key of a dictionary.
    ///
    /// New series get theirs in key order, which keeps later reads in key order sequential.
    func ids(of keys: SeriesDictionary) throws -> [UInt32] {
        var result = [UInt32](repeating: 0, count: keys.count)
        let order = (0..<UInt32(clamping: keys.count)).sorted { keys.precedes($0, $1) }
        // What comes together is mostly all new, or all there since before the last start: what
        // was right for the last key is tried first, which spares every other search.
        var isNew = true
        for id in order {
            result[Int(id)] = try keys.withBytes(of: id) { device, sensor in
                if isNew, let row = try insert(device, sensor) { return row }
                if let row = try search(device, sensor) {
                    isNew = false
                    return row
                }
                isNew = true
                guard let row = try insert(device, sensor) else {
                    throw FleetError(.internal, "a series is neither there nor new")
                }
                return row
            }
        }
        return result
    }

    private func search(
        _ device: UnsafeRawBufferPointer,
        _ sensor: UnsafeRawBufferPointer
    ) throws -> UInt32? {
        find.bind(1, text: device)
        find.bind(2, text: sensor)
        defer { find.reset() }
        return try find.step() ? UInt32(truncatingIfNeeded: find.int(0)) : nil
    }

    /// Adds a series; nil when it is there.
    private func insert(
        _ device: UnsafeRawBufferPointer,
        _ sensor: UnsafeRawBufferPointer
    ) throws -> UInt32? {
        add.bind(1, text: device)
        add.bind(2, text: sensor)
        add.bind(3, now.microseconds)
        try add.run()
        guard db.changesCount > 0 else { return nil }
        guard let row = UInt32(exactly: db.lastInsertedRowID) else {
            throw FleetError(.resourceExhausted, "windows.db has no room for another series")
        }
        return row
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
