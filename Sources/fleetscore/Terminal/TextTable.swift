/// A table of aligned columns for people.
struct TextTable {
    private let header: [String]
    private let rightAligned: Set<Int>
    private var rows: [[String]] = []

    /// Starts a table; columns named in `numbers` are aligned right.
    init(_ header: [String], numbers: Set<String> = []) {
        self.header = header
        rightAligned = Set(header.indices.filter { numbers.contains(header[$0]) })
    }

    mutating func add(_ row: [String]) { rows.append(row) }

    /// The table's lines; the header is in upper case.
    var lines: [String] {
        let all = [header.map { $0.uppercased() }] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return rightAligned.contains(column)
                    ? padding + row[column] : row[column] + padding
            }
            .joined(separator: "  ")
            .trimmingTrailingSpaces()
        }
    }
}

extension String {
    fileprivate func trimmingTrailingSpaces() -> String {
        var copy = self
        while copy.last == " " { copy.removeLast() }
        return copy
    }
}

extension BinaryInteger {
    /// The number with thousands separators: `17,768`.
    var grouped: String {
        let digits = String(magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return self < 0 ? "-" + text : text
    }
}
