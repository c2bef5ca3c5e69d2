internal import Core

/// The first line of a CSV table, before anybody says what its columns mean.
struct CSVHeaderLine {
    /// The columns as written, without quotes.
    let columns: [String]
    let delimiter: UInt8
    /// Bytes and lines up to the first row.
    let byteCount: Int
    let lineCount: Int

    /// Reads the line at the start of a table.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when the table is empty or not UTF-8.
    static func parse(_ bytes: UnsafeRawBufferPointer) throws -> CSVHeaderLine {
        try checkEncoding(bytes)
        guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { throw emptyBody() }
        var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        var lineCount = 1
        while start < bytes.count, isBlank(base[start]) {
            if base[start] == 0x0A { lineCount += 1 }
            start += 1
        }
        guard start < bytes.count else { throw emptyBody() }
        while start > 0, base[start - 1] == 0x09 { start -= 1 }  // A first column without a name.
        let delimiter = delimiter(bytes, from: start)
        let scanner = CSVScanner(base: base, end: bytes.count, delimiter: delimiter)
        var fields = [CSVCell](repeating: .none, count: columnCountMax)
        let row = fields.withUnsafeMutableBufferPointer { scanner.row(at: start, into: $0) }
        guard !row.isMalformed, row.fieldCount <= columnCountMax else {
            throw FleetError(
                .invalidArgument,
                "cannot read the CSV header: "
                    + (row.isMalformed
                        ? "a quote is not closed" : "it has more than \(columnCountMax) columns")
            )
        }
        var columns: [String] = []
        for field in fields[..<row.fieldCount] {
            let raw = UnsafeRawBufferPointer(rebasing: bytes[field.start..<field.end])
            guard let text = String(validating: raw, as: UTF8.self) else {
                throw FleetError(
                    .invalidArgument,
                    "the CSV header is not UTF-8",
                    hint: "save it as UTF-8"
                )
            }
            columns.append(field.isEscaped ? unquoted(text) : text)
        }
        return CSVHeaderLine(
            columns: columns,
            delimiter: delimiter,
            byteCount: row.next,
            lineCount: lineCount - 1 + row.lineCount
        )
    }

    private static let columnCountMax = 10_000

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    private static func unquoted(_ text: String) -> String {
        var result = ""
        var isSecond = false
        for scalar in text.unicodeScalars {
            isSecond = scalar == "\"" && !isSecond
            if scalar != "\"" || isSecond { result.unicodeScalars.append(scalar) }
        }
        return result
    }

    /// Comma, semicolon or tab, whichever the line has most of outside quotes.
    private static func delimiter(_ bytes: UnsafeRawBufferPointer, from start: Int) -> UInt8 {
        var counts: [(byte: UInt8, count: Int)] = [(0x2C, 0), (0x3B, 0), (0x09, 0)]
        var isQuoted = false
        for byte in bytes[start...] {
            if byte == 0x22 { isQuoted.toggle() }
            if isQuoted { continue }
            if byte == 0x0A { break }
            for index in counts.indices where counts[index].byte == byte {
                counts[index].count += 1
            }
        }
        return counts.reduce(counts[0]) { $1.count > $0.count ? $1 : $0 }.byte
    }
}
