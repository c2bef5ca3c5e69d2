import Client
import Core

/// Reads the registry's entries from a CSV table with a header.
///
/// Columns: device, and any of sensor, site, unit, expected_interval, min and max, apart by commas,
/// semicolons or tabs, whichever the header has most of. Others are refused, since an entry
/// replaces the one before; empty fields say nothing.
enum RegistryTable {
    private static let columns = [
        "device", "sensor", "site", "unit", "expected_interval", "min", "max", "updated_at",
    ]

    /// - Throws: ``FleetError`` `.invalidArgument` naming the column or the line.
    static func parse(_ bytes: [UInt8]) throws -> [RegistryInfo] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw FleetError(.invalidArgument, "the table is not UTF-8", hint: "save it as UTF-8")
        }
        var rows = try Self.rows(text)
        guard !rows.isEmpty else { throw FleetError(.invalidArgument, "the table is empty") }
        let header = try header(rows.removeFirst().fields)
        return try rows.map { row in
            guard row.fields.dropFirst(header.count).allSatisfy(\.isEmpty) else {
                throw FleetError(
                    .invalidArgument,
                    "line \(row.line) has \(row.fields.count) fields, the header \(header.count)",
                    hint: "put fields that hold the separator in double quotes"
                )
            }
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
            guard let device = field("device") else {
                throw FleetError(.invalidArgument, "line \(row.line) has no device")
            }
            return RegistryInfo(
                device: device,
                sensor: field("sensor"),
                site: field("site"),
                unit: field("unit"),
                expectedInterval: field("expected_interval"),
                min: try number("min"),
                max: try number("max")
            )
        }
    }

    /// The names of the columns, as ``columns`` spells them.
    private static func header(_ fields: [String]) throws -> [String] {
        var names = fields.map { $0.lowercased().filter { $0 != " " } }
        while names.last?.isEmpty == true { names.removeLast() }
        guard names.contains("device") else {
            throw FleetError(
                .invalidArgument,
                "the table has no device column",
                hint: "its columns are \(names.joined(separator: ", "))"
            )
        }
        var header: [String] = []
        for name in names {
            let column = columns.first { $0 == name || $0.filter { $0 != "_" } == name } ?? name
            guard columns.contains(column) else {
                throw FleetError(
                    .invalidArgument,
                    "the table has the unknown column \"\(column.prefix(80))\"",
                    hint: DidYouMean.hint(for: column, among: columns)
                )
            }
            guard !header.contains(column) else {
                throw FleetError(.invalidArgument, "the table has two columns \"\(column)\"")
            }
            header.append(column)
        }
        return header
    }

    /// Comma, semicolon or tab, whichever the first line with text has most of outside quotes.
    private static func separator(_ scalars: [Unicode.Scalar]) -> Unicode.Scalar {
        var counts: [(separator: Unicode.Scalar, count: Int)] = [(",", 0), (";", 0), ("\t", 0)]
        var isQuoted = false
        for scalar in scalars.drop(while: { $0 == "\r" || $0 == "\n" }) {
            if scalar == "\"" { isQuoted.toggle() }
            if isQuoted { continue }
            if scalar == "\n" { break }
            for index in counts.indices where counts[index].separator == scalar {
                counts[index].count += 1
            }
        }
        return counts.reduce(counts[0]) { $1.count > $0.count ? $1 : $0 }.separator
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
        let separator = separator(scalars)
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
            case separator:
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
