import Client
import Core

/// Reads the registry's entries from a CSV table with a header.
///
/// Columns: device, and any of sensor, site, unit, expected_interval, min and max. Others are
/// ignored; empty fields say nothing.
enum RegistryTable {
    /// - Throws: ``FleetError`` `.invalidArgument` naming the line.
    static func parse(_ bytes: [UInt8]) throws -> [RegistryInfo] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw FleetError(.invalidArgument, "the table is not UTF-8", hint: "save it as UTF-8")
        }
        var rows = try Self.rows(text)
        guard !rows.isEmpty else { throw FleetError(.invalidArgument, "the table is empty") }
        let header = rows.removeFirst().fields.map { $0.lowercased() }
        guard let device = header.firstIndex(of: "device") else {
            throw FleetError(
                .invalidArgument,
                "the table has no device column",
                hint: "its columns are \(header.joined(separator: ", "))"
            )
        }
        return try rows.map { row in
            func field(_ name: String) -> String? {
                guard let index = header.firstIndex(of: name), index < row.fields.count,
                    !row.fields[index].isEmpty
                else { return nil }
                return row.fields[index]
            }
            func number(_ name: String) throws -> Double? {
                guard let text = field(name) else { return nil }
                guard let value = Double(text), value.isFinite else {
                    throw FleetError(
                        .invalidArgument,
                        "line \(row.line): \(name) \"\(text)\" is no number"
                    )
                }
                return value
            }
            guard device < row.fields.count, !row.fields[device].isEmpty else {
                throw FleetError(.invalidArgument, "line \(row.line) has no device")
            }
            return RegistryInfo(
                device: row.fields[device],
                sensor: field("sensor"),
                site: field("site"),
                unit: field("unit"),
                expectedInterval: field("expected_interval") ?? field("expectedinterval"),
                min: try number("min"),
                max: try number("max")
            )
        }
    }

    /// The rows of RFC 4180, without empty ones.
    private static func rows(_ text: String) throws -> [(line: Int, fields: [String])] {
        var rows: [(line: Int, fields: [String])] = []
        var fields: [String] = []
        var field = ""
        var isQuoted = false
        var line = 1
        var start = 1
        func endRow() {
            fields.append(field)
            if fields != [""] { rows.append((start, fields)) }
            fields = []
            field = ""
            start = line
        }
        var scalars = Array(text.unicodeScalars)
        if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
        var at = 0
        while at < scalars.count {
            let scalar = scalars[at]
            at += 1
            if scalar == "\n" { line += 1 }
            if isQuoted {
                guard scalar == "\"" else {
                    field.unicodeScalars.append(scalar)
                    continue
                }
                if at < scalars.count, scalars[at] == "\"" {
                    field.unicodeScalars.append(scalar)
                    at += 1
                } else {
                    isQuoted = false
                }
                continue
            }
            switch scalar {
            case "\"" where field.isEmpty: isQuoted = true
            case ",":
                fields.append(field)
                field = ""
            case "\r": continue
            case "\n": endRow()
            default: field.unicodeScalars.append(scalar)
            }
        }
        guard !isQuoted else {
            throw FleetError(.invalidArgument, "line \(start): a quote is not closed")
        }
        if !field.isEmpty || !fields.isEmpty { endRow() }
        return rows
    }
}
