package import Core
import GRDB
package import Store

// What people say about devices and sensors.
extension SQLiteWindowStore {
    package func setRegistry(_ entries: [RegistryEntry]) async throws {
        for entry in entries { try entry.check() }
        if entries.isEmpty { return }
        try await file.write { db in
            let write = try RawStatement(
                db,
                "INSERT OR REPLACE INTO registry_data VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
            )
            for entry in entries {
                write.bind(1, entry.key.device)
                write.bind(2, entry.key.sensor)
                write.bind(3, entry.site)
                write.bind(4, entry.unit)
                write.bind(5, entry.expectedInterval?.microseconds)
                write.bind(6, entry.min ?? .nan)
                write.bind(7, entry.max ?? .nan)
                write.bind(8, entry.updatedAt.microseconds)
                try write.run()
            }
        }
    }

    package func registry(after: SeriesKey?, limit: Int) async throws -> [RegistryEntry] {
        try await file.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM registry_data WHERE (device, sensor) > (?, ?)
                    ORDER BY device, sensor LIMIT ?
                    """,
                arguments: [after?.device ?? "", after?.sensor ?? "", max(0, limit)]
            ).map(RegistryEntry.init(row:))
        }
    }

    package func removeRegistry(_ keys: [SeriesKey]) async throws -> Int {
        if keys.isEmpty { return 0 }
        return try await file.write { db in
            let delete = try RawStatement(
                db,
                "DELETE FROM registry_data WHERE device = ?1 AND sensor = ?2"
            )
            var removed = 0
            for key in keys {
                delete.bind(1, key.device)
                delete.bind(2, key.sensor)
                removed += try delete.run()
            }
            return removed
        }
    }

    package func settings(of key: SeriesKey) async throws -> RegistryEntry? {
        try await file.read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM registry_data WHERE device = ?1 AND sensor IN ('', ?2)
                    ORDER BY sensor
                    """,
                arguments: [key.device, key.sensor]
            ).map(RegistryEntry.init(row:))
            guard let entry = rows.last else { return nil }
            return entry.of(key).over(rows.count == 2 ? rows.first : nil)
        }
    }

    package func expectedIntervals(for keys: [SeriesKey]) async throws -> [Duration?] {
        try await file.read { db in
            var result = [Duration?](repeating: nil, count: keys.count)
            let any = try Int.fetchOne(
                db,
                sql: "SELECT 1 FROM registry_data WHERE expected_interval_us IS NOT NULL LIMIT 1"
            )
            guard any != nil else { return result }
            let find = try RawStatement(
                db,
                """
                SELECT expected_interval_us FROM registry_data
                WHERE device = ?1 AND sensor IN ('', ?2) AND expected_interval_us IS NOT NULL
                ORDER BY sensor DESC LIMIT 1
                """
            )
            for (index, key) in keys.enumerated() {
                find.bind(1, key.device)
                find.bind(2, key.sensor)
                if try find.step() { result[index] = .microseconds(find.int(0)) }
                find.reset()
            }
            return result
        }
    }
}

extension RegistryEntry {
    fileprivate init(row: Row) {
        let interval: Int64? = row["expected_interval_us"]
        self.init(
            key: SeriesKey(uncheckedDevice: row["device"], sensor: row["sensor"]),
            site: row["site"],
            unit: row["unit"],
            expectedInterval: interval.map { .microseconds($0) },
            min: row["min"],
            max: row["max"],
            updatedAt: Timestamp(microseconds: row["updated_at"])
        )
    }
}
