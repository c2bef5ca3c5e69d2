package import Core
import Parquet
package import Wire

/// Events read from a Parquet file of any writer: a long table, or a wide one.
///
/// Columns are found by the names that CSV tables use, renamed ones included. A table with a sensor
/// column is long: a row is an event. Any other is wide: every column of numbers is a sensor. Null
/// and NaN mean that there is no reading. Without a column of a known name the only timestamp
/// column is the time, as an unnamed index of pandas is.
package struct ParquetEvents: Sendable {
    /// A row, or a reading of it, that is no event.
    package struct Rejected: Sendable, Equatable {
        /// From 1.
        package let row: Int
        package let reason: RejectReason
        package let message: String
    }

    package internal(set) var batch = EventBatch()
    /// The first rejected readings, at most `Limits.rejectedListCountMax`.
    package private(set) var rejected: [Rejected] = []
    package private(set) var rejectedCount = 0
    private var countByReason: [RejectReason: Int] = [:]
    /// Columns that are no role and hold no numbers.
    package private(set) var ignoredColumns: [String] = []
    private let listCountMax: Int

    /// Reads all events of a file, in its order.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when it is no Parquet file or lacks a column,
    ///   `.unsupported` for an encoding or a type that is not read.
    package static func decode(
        _ bytes: UnsafeRawBufferPointer,
        options: DecodeOptions,
        limits: Limits = Limits()
    ) throws -> ParquetEvents {
        do {
            let reader = try ParquetReader(bytes: bytes)
            let columns = try ParquetEventColumns(reader, options: options)
            var events = ParquetEvents(
                listCountMax: limits.rejectedListCountMax,
                ignored: columns.ignored
            )
            var firstRow = 0
            for group in reader.rowGroupRowCounts.indices {
                var rows = try ParquetEventRows(
                    reader,
                    rowGroup: group,
                    firstRow: firstRow,
                    columns: columns,
                    options: options
                )
                rows.append(to: &events)
                firstRow += reader.rowGroupRowCounts[group]
            }
            return events
        } catch let error as ParquetError {
            switch error {
            case .unsupported:
                throw FleetError(
                    .unsupported,
                    "\(error)",
                    hint: "write plain columns, uncompressed or with snappy, gzip, zstd or lz4_raw"
                )
            default: throw FleetError(.invalidArgument, "\(error)")
            }
        }
    }

    /// Whether bytes begin as a Parquet file does.
    package static func isParquet(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.starts(with: "PAR1".utf8)
    }

    /// How many readings were rejected for each reason that occurred, by its code.
    package var rejectedByReason: [String: Int] {
        Dictionary(uniqueKeysWithValues: countByReason.map { ($0.key.rawValue, $0.value) })
    }

    private init(listCountMax: Int, ignored: [String]) {
        self.listCountMax = listCountMax
        ignoredColumns = ignored
    }

    /// Counts a rejected reading and lists it while the list has room.
    mutating func reject(_ reason: RejectReason, row: Int, value: @autoclosure () -> String) {
        rejectedCount += 1
        countByReason[reason, default: 0] += 1
        guard rejected.count < listCountMax else { return }
        rejected.append(
            Rejected(row: row + 1, reason: reason, message: reason.message(for: value()))
        )
    }
}

/// Which column of a Parquet file means what.
struct ParquetEventColumns {
    let time: String
    let device: String?
    /// The sensor and value columns of a long table; nil in a wide one.
    let long: (sensor: String, value: String)?
    /// The columns of a wide table that are sensors.
    let sensors: [String]
    /// Columns of a wide table that hold no numbers.
    let ignored: [String]

    private static let defaultNames = [
        "time": ["time", "ts", "timestamp"], "device": ["device"], "sensor": ["sensor", "tag"],
        "value": ["value", "val"],
    ]

    init(_ reader: ParquetReader, options: DecodeOptions) throws {
        let names = reader.columnNames
        let fields = reader.schema.fields
        var renamed: [String: String] = [:]
        for (role, column) in options.columns.sorted(by: { $0.key < $1.key }) {
            guard Self.defaultNames[role.lowercased()] != nil else {
                throw FleetError(
                    .invalidArgument,
                    "cannot rename the column \"\(role)\": it is not a role",
                    hint: "use time, device, sensor or value"
                )
            }
            renamed[role.lowercased()] = column
        }
        func find(_ role: String) throws -> String? {
            if let name = renamed[role] {
                if names.contains(name) { return name }
                let lowered = name.lowercased()
                if let same = names.first(where: { $0.lowercased() == lowered }) { return same }
                throw FleetError(
                    .invalidArgument,
                    "the table has no column \"\(name)\" for \(role)",
                    hint: DidYouMean.hint(for: name, among: names)
                )
            }
            let known = Self.defaultNames[role] ?? []
            return names.first {
                known.contains($0.lowercased()) && !renamed.values.contains($0)
            }
        }
        func missing(_ role: String) -> FleetError {
            let list = names.prefix(20).map { "\"\($0)\"" }.joined(separator: ", ")
            return FleetError(
                .invalidArgument,
                "the table has no \(role) column",
                hint: "it has the columns \(list); name one with `columns`: \(role)=NAME"
            )
        }
        let timestamps = fields.filter { $0.kind == .timestamp }
        let onlyTimestamp = timestamps.count == 1 ? timestamps[0].name : nil
        guard let time = try find("time") ?? onlyTimestamp else { throw missing("time") }
        self.time = time
        let device = try find("device")
        self.device = device
        if let sensor = try find("sensor") {
            guard let value = try find("value") else { throw missing("value") }
            long = (sensor, value)
            sensors = []
            ignored = []
            return
        }
        long = nil
        let others = names.filter { $0 != time && $0 != device && !Self.isIndex($0) }
        let numbers = Set(
            fields.filter { [.double, .int32, .int64, .boolean].contains($0.kind) }.map(\.name)
        )
        sensors = others.filter(numbers.contains)
        ignored = others.filter { !numbers.contains($0) }
        guard !sensors.isEmpty else { throw missing("value") }
        for sensor in sensors { _ = try SeriesKey(device: "d", sensor: sensor) }
    }

    /// Whether a column is the row number that pandas stores beside the data.
    private static func isIndex(_ name: String) -> Bool {
        name.hasPrefix("__index_level_") && name.hasSuffix("__")
    }
}
