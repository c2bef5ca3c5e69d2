package import Core
import Parquet

/// Feature rows from a Parquet file as people write them, not as a plan does.
///
/// Columns: `device`, maybe `sensor`, `window_end` or `time` (timestamps, or integers since the
/// epoch in microseconds), maybe `window_start`; then either `features`, a list of doubles, or a
/// double column a feature. `coverage` and texts are left out.
package enum FeatureParquet {
    /// Whether bytes begin like a Parquet file.
    package static func isParquet(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.starts(with: Array("PAR1".utf8))
    }

    /// The rows sorted by key, then by end.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` naming the column that is missing or is of
    ///   another type.
    package static func decode(
        _ bytes: UnsafeRawBufferPointer,
        name: String,
        perDevice: Bool
    ) throws -> FeatureBatch {
        let reader: ParquetReader
        do {
            reader = try ParquetReader(bytes: bytes)
        } catch {
            throw FleetError(.invalidArgument, "\(name) is no Parquet file", cause: error)
        }
        let columns = FeatureColumns(reader: reader, name: name)
        var batch = FeatureBatch(featureNames: [])
        let ends = try columns.times(["window_end", "time", "ts", "timestamp"])
        let starts = try columns.optionalTimes("window_start") ?? ends
        let rows = try columns.rows(count: ends.count, perDevice: perDevice)
        let (names, values) = try columns.features(count: ends.count)
        batch.featureNames = names
        let width = names.count
        guard let order = rows.order(ends) else {
            batch.keys = rows.keys
            batch.rowOffsets = rows.offsets
            batch.starts = starts
            batch.ends = ends
            batch.values = values
            batch.coverages = [Double](repeating: .nan, count: ends.count)
            return batch
        }
        for (run, row) in order {
            batch.append(
                rows.keys[run],
                start: starts[row],
                end: ends[row],
                features: values[(row * width)..<((row + 1) * width)]
            )
        }
        return batch
    }
}

/// The columns of a feature file by name and kind.
private struct FeatureColumns {
    let reader: ParquetReader
    let name: String

    private func column(_ column: String) throws -> ParquetColumn {
        do {
            return try reader.column(column)
        } catch {
            throw FleetError(
                .invalidArgument,
                "\(name): column \(column) cannot be read",
                cause: error
            )
        }
    }

    private func has(_ column: String) -> Bool {
        reader.schema.fields.contains { $0.name == column }
    }

    func times(_ names: [String]) throws -> [Int64] {
        guard let found = names.first(where: { has($0) }) else {
            throw FleetError(
                .invalidArgument,
                "\(name) has no column \(names.joined(separator: " or "))",
                hint: "it has " + reader.schema.fields.map(\.name).joined(separator: ", ")
            )
        }
        return try optionalTimes(found) ?? []
    }

    func optionalTimes(_ column: String) throws -> [Int64]? {
        guard has(column) else { return nil }
        switch try self.column(column) {
        case .timestamp(let values, _), .int64(let values, _): return values
        default:
            throw FleetError(.invalidArgument, "\(name): column \(column) holds no times")
        }
    }

    /// The runs of rows with the same key.
    func rows(count: Int, perDevice: Bool) throws -> KeyRuns {
        guard has("device"), case .string(let devices, let deviceOf) = try column("device") else {
            throw FleetError(.invalidArgument, "\(name) has no text column device")
        }
        var sensors = ParquetTexts()
        var sensorOf: [UInt32] = []
        if has("sensor"), !perDevice, case .string(let texts, let indices) = try column("sensor") {
            (sensors, sensorOf) = (texts, indices)
        }
        var runs = KeyRuns()
        var last: (UInt32, UInt32)?
        for row in 0..<count {
            let device = deviceOf[row]
            let sensor = sensorOf.isEmpty ? ParquetColumn.nullIndex : sensorOf[row]
            guard last?.0 != device || last?.1 != sensor else { continue }
            guard device != ParquetColumn.nullIndex else {
                throw FleetError(.invalidArgument, "\(name): row \(row + 1) has no device")
            }
            let key: SeriesKey
            if sensor == ParquetColumn.nullIndex {
                key = try SeriesKey(device: devices[Int(device)])
            } else {
                key = try SeriesKey(device: devices[Int(device)], sensor: sensors[Int(sensor)])
            }
            runs.keys.append(key)
            runs.offsets.append(row)
            last = (device, sensor)
        }
        runs.offsets.append(count)
        return runs
    }

    /// The names and the values of the features, row-major.
    func features(count: Int) throws -> ([String], [Double]) {
        if has("features") {
            guard case .doubleList(let values, let offsets, _) = try column("features") else {
                throw FleetError(.invalidArgument, "\(name): features are no lists of doubles")
            }
            let width = count == 0 ? 0 : values.count / count
            for row in 0..<count where offsets[row + 1] - offsets[row] != width {
                throw FleetError(
                    .invalidArgument,
                    "\(name): row \(row + 1) has \(offsets[row + 1] - offsets[row]) features where "
                        + "others have \(width)"
                )
            }
            let stored = reader.metadata("features")?.split(separator: "\n").map(String.init)
            let names = stored?.count == width ? stored : nil
            return (names ?? (0..<width).map { "f\($0)" }, values)
        }
        let roles = ["coverage", "window_start", "window_end", "time", "score", "threshold"]
        let names = reader.schema.fields.filter {
            $0.kind == .double && !roles.contains($0.name)
        }.map(\.name)
        guard !names.isEmpty else {
            throw FleetError(.invalidArgument, "\(name) has no double column to score")
        }
        var values = [Double](repeating: .nan, count: count * names.count)
        for (position, feature) in names.enumerated() {
            guard case .double(let column, let validity) = try column(feature) else { continue }
            for row in 0..<count where validity?[row] ?? true {
                values[row * names.count + position] = column[row]
            }
        }
        return (names, values)
    }
}

/// Runs of rows with the same key, in file order.
private struct KeyRuns {
    var keys: [SeriesKey] = []
    var offsets: [Int] = []

    /// Run and row in key order, then by end; nil when the file is in that order already.
    func order(_ ends: [Int64]) -> [(run: Int, row: Int)]? {
        let isSorted = keys.indices.allSatisfy { run in
            (run == 0 || keys[run - 1] < keys[run])
                && (offsets[run]..<offsets[run + 1]).dropFirst().allSatisfy {
                    ends[$0 - 1] <= ends[$0]
                }
        }
        guard !isSorted else { return nil }
        var rows: [(run: Int, row: Int)] = []
        rows.reserveCapacity(ends.count)
        for run in keys.indices {
            for row in offsets[run]..<offsets[run + 1] { rows.append((run, row)) }
        }
        return rows.sorted {
            if keys[$0.run] != keys[$1.run] { return keys[$0.run] < keys[$1.run] }
            return (ends[$0.row], $0.row) < (ends[$1.row], $1.row)
        }
    }
}
