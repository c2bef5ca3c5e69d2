/// Writes fields of CSV as RFC 4180 has them.
public enum CSVField {
    /// The field, in quotes when it holds a comma, a quote or a line break.
    public static func quoted(_ field: String) -> String {
        guard field.utf8.contains(where: { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D })
        else { return field }
        var text = "\""
        for character in field { text += character == "\"" ? "\"\"" : String(character) }
        return text + "\""
    }
}

/// Reads the renames of `--columns time=ts,device=machine`.
public enum ColumnRenames {
    /// Role to column name.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` naming the part that is no rename.
    public static func parse(_ text: String) throws -> [String: String] {
        var renames: [String: String] = [:]
        for part in text.split(separator: ",") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty else {
                throw FleetError(
                    .invalidArgument,
                    "\"\(part)\" is no column rename",
                    hint: "write ROLE=COLUMN, such as time=ts,device=machine"
                )
            }
            renames[String(sides[0])] = String(sides[1])
        }
        return renames
    }
}
