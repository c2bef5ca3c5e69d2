internal import Core

/// The first line of a CSV table: its columns and what they mean.
///
/// A table with a sensor column is long: one event a row. Any other is wide: every column but
/// time and device is a sensor, and every cell that is not empty is an event. In a wide table,
/// columns without a name are ignored; in a long one, all columns without a role are.
public struct CSVHeader: Sendable {
    /// The columns as written, without quotes.
    public let columns: [String]
    public let delimiter: UInt8
    /// Bytes up to the first row; a byte order mark and blank lines before the header count.
    public let byteCount: Int
    /// Lines up to the first row.
    public let lineCount: Int

    /// The column of times; nil only when the options say when events without one happened.
    let time: Int?
    let device: Int?
    /// The sensor and value columns of a long table; nil in a wide one.
    ///
    /// Without a sensor column the options name the sensor.
    let long: (sensor: Int?, value: Int)?
    /// The columns of a wide table that are sensors, with the UTF-8 of their names and 16 zeros.
    let sensors: [(column: Int, name: [UInt8], count: Int)]

    /// Whether the table has a column for each sensor.
    public var isWide: Bool { long == nil }

    /// Reads the header at the start of a table.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when the table is empty or not UTF-8, a needed
    ///   or renamed column is missing, or a sensor column has a name that is not allowed.
    public static func parse(
        _ bytes: UnsafeRawBufferPointer,
        options: DecodeOptions
    ) throws -> CSVHeader {
        let renamed = try options.renamedRoles()
        let line = try CSVHeaderLine.parse(bytes)
        return try CSVHeader(line, renamed: renamed, options)
    }

    private init(
        _ line: CSVHeaderLine,
        renamed: [FieldRole: String],
        _ options: DecodeOptions
    ) throws {
        let columns = line.columns
        self.columns = columns
        delimiter = line.delimiter
        byteCount = line.byteCount
        lineCount = line.lineCount
        let roles = HeaderRoles(columns: columns, renamed: renamed)
        time = try roles.find(.time)
        if time == nil, options.receivedAt == nil { throw roles.missing(.time) }
        device = try roles.find(.device)
        if device == nil, options.needsDevice, options.givenDevice == nil {
            throw roles.missing(.device)
        }
        let value = try roles.find(.value)
        if let sensor = try roles.find(.sensor) {
            guard let value else { throw roles.missing(.value) }
            long = (sensor, value)
            sensors = []
            return
        }
        if options.defaultSensor != nil, let value {
            long = (nil, value)
            sensors = []
            return
        }
        long = nil
        let roleColumns = [time, device]
        let others = columns.indices.filter {
            !roleColumns.contains($0) && !columns[$0].isEmpty
        }
        guard !others.isEmpty else { throw roles.missing(.value) }
        sensors = try others.map { index in
            _ = try SeriesKey(device: "d", sensor: columns[index])
            // With room, since decoders read 16 bytes at once.
            let name = Array(columns[index].utf8)
            return (index, name + Array(repeating: 0, count: 16), name.count)
        }
        guard Set(others.map { columns[$0] }).count == others.count else {
            throw FleetError(
                .invalidArgument,
                "two columns of the CSV header have the same name",
                hint: roles.found
            )
        }
    }
}

/// Finds the columns of roles by name.
struct HeaderRoles {
    let columns: [String]
    let renamed: [FieldRole: String]

    /// The column of a role; nil when it has none and was not renamed.
    func find(_ role: FieldRole) throws -> Int? {
        guard let name = renamed[role] else {
            return index { role.defaultNames.contains($0) && !renamed.values.contains($0) }
        }
        if let exact = columns.firstIndex(of: name) { return exact }
        let lowered = name.lowercased()
        if let same = index(where: { $0 == lowered }) { return same }
        throw FleetError(
            .invalidArgument,
            "the CSV header has no column \"\(name)\" for \(role.rawValue)",
            hint: DidYouMean.hint(for: name, among: columns)
        )
    }

    func missing(_ role: FieldRole) -> FleetError {
        let names = role.defaultNames.joined(separator: ", ")
        return FleetError(
            .invalidArgument,
            "the CSV header has no \(role.rawValue) column (\(names))",
            hint: found + "; name one with `columns`: \(role.rawValue)=NAME"
                + (role == .device ? ", or one device for all rows with `device`" : "")
        )
    }

    var found: String {
        let list = columns.prefix(20).map { "\"\($0)\"" }.joined(separator: ", ")
        return "it has the columns " + list + (columns.count > 20 ? ", …" : "")
    }

    private func index(where matches: (String) -> Bool) -> Int? {
        columns.firstIndex { matches($0.lowercased()) }
    }
}

/// The error for a body without anything in it.
func emptyBody() -> FleetError {
    FleetError(.invalidArgument, "the body is empty", hint: "send at least one event")
}

/// Refuses UTF-16, which spreadsheets write, before its bytes are taken for something else.
func checkEncoding(_ bytes: UnsafeRawBufferPointer) throws {
    guard bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) else { return }
    throw FleetError(.invalidArgument, "the body is UTF-16", hint: "send UTF-8")
}
