import Core

/// Reads windows.db through the sqlite3 shell, as people do; numbers keep all their bits.
struct WindowDatabase {
    let path: String
    let folder: TemporaryFolder

    func picture() async throws -> WindowPicture {
        var picture = WindowPicture()
        for cells in try await rows(
            "SELECT definition, device, sensor, window_start, window_end, count, "
                + ["sum", "mean", "min", "max", "stddev", "first", "last"].map(Self.bits)
                .joined(separator: ", ") + " FROM windows"
        ) {
            picture.rows.append(try Self.window(cells))
        }
        for cells in try await rows(
            "SELECT definition, device, sensor, time, \(Self.bits("value")) FROM late_events"
        ) {
            let key = try SeriesKey(device: cells[1], sensor: cells[2])
            picture.late[cells[0], default: []].append(
                Reading(
                    key: key,
                    time: try Self.time(cells[3]),
                    value: try Self.number(cells[4])
                )
            )
        }
        for cells in try await rows("SELECT accepted, duplicates FROM checkpoints") {
            picture.accepted += try Self.integer(cells[0])
            picture.duplicates += try Self.integer(cells[1])
        }
        return picture
    }

    /// Partitions whose state was restored from a snapshot at some time.
    func snapshotCount() async throws -> Int {
        try await rows("SELECT partition FROM checkpoints WHERE replay_from > 0").count
    }

    /// The one number that a query answers.
    func count(_ sql: String) async throws -> Int {
        guard let cell = try await rows(sql).first?.first else {
            throw ProcessProblem("no answer to \(sql)")
        }
        return try Self.integer(cell)
    }

    private func rows(_ sql: String) async throws -> [[String]] {
        let output = try await Binary.output(
            of: "sqlite3",
            ["-readonly", "-separator", "|", path, sql],
            in: folder
        )
        return output.split(separator: "\n").map {
            $0.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        }
    }

    private static func bits(_ column: String) -> String {
        "CASE WHEN \(column) IS NULL THEN '' ELSE hex(ieee754_to_blob(\(column))) END"
    }

    private static func window(_ cells: [String]) throws -> WindowRow {
        guard cells.count == 13 else { throw ProcessProblem("no window: \(cells)") }
        let key = try SeriesKey(device: cells[1], sensor: cells[2])
        return WindowRow(
            id: .init(definition: cells[0], key: key, end: try time(cells[4])),
            start: try time(cells[3]),
            count: try integer(cells[5]),
            sum: try number(cells[6]),
            mean: try number(cells[7]),
            min: try number(cells[8]),
            max: try number(cells[9]),
            stddev: cells[10].isEmpty ? nil : try number(cells[10]),
            first: try number(cells[11]),
            last: try number(cells[12])
        )
    }

    private static func time(_ text: String) throws -> Int64 {
        guard let time = Timestamp(rfc3339: text) else { throw ProcessProblem("no time: \(text)") }
        return time.microseconds
    }

    private static func integer(_ text: String) throws -> Int {
        guard let number = Int(text) else { throw ProcessProblem("no integer: \(text)") }
        return number
    }

    private static func number(_ hex: String) throws -> Double {
        guard hex.count == 16, let bits = UInt64(hex, radix: 16) else {
            throw ProcessProblem("no number: \(hex)")
        }
        return Double(bitPattern: bits)
    }
}
