/// A row of the table of targets in docs/ARCHITECTURE.md.
struct TargetRow: Sendable, Equatable {
    let name: String
    /// Own targets it may import.
    let targets: Set<String>
    /// Products of packages it depends on.
    let products: Set<String>
    /// Modules that come with those products, in brackets in the table.
    let companions: Set<String>
}

/// The table of targets: who may import whom.
struct TargetTable: Sendable {
    static let path = "docs/ARCHITECTURE.md"
    private static let header = ["Target", "Purpose", "May import", "Packages"]
    private static let everywhereMark = "Every target may import: "
    private static let aboveCoreMark = "Every target above `Core` may import: "

    private static let separators: Set<Character> = [" ", ",", "`", "–", "."]

    let rows: [TargetRow]
    /// Modules of the toolchain that every target may import.
    let everywhere: Set<String>
    /// Modules that every target but `Core` may import.
    let aboveCore: Set<String>

    /// Reads the table out of the document; rows that are no target end it.
    init(markdown: String) {
        var rows: [TargetRow] = []
        var isInTable = false
        for line in markdown.split(separator: "\n", omittingEmptySubsequences: false) {
            let cells = Self.cells(of: line)
            if cells == Self.header {
                isInTable = true
            } else if cells.count != Self.header.count {
                isInTable = false
            } else if isInTable, !cells[0].hasPrefix("---") {
                rows.append(Self.row(cells))
            }
        }
        self.rows = rows
        everywhere = Self.names(after: Self.everywhereMark, in: markdown)
        aboveCore = Self.names(after: Self.aboveCoreMark, in: markdown)
    }

    func row(_ name: String) -> TargetRow? { rows.first { $0.name == name } }

    /// The modules that a target may import; nil for a target that is not in the table.
    func modules(for name: String) -> Set<String>? {
        row(name).map { row in
            row.targets.union(row.products).union(row.companions).union(everywhere)
                .union(name == "Core" ? [] : aboveCore)
        }
    }

    private static func cells(of line: Substring) -> [String] {
        guard line.hasPrefix("|"), line.hasSuffix("|") else { return [] }
        return line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
            .map { cell in
                String(cell.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            }
    }

    private static func row(_ cells: [String]) -> TargetRow {
        // Split at brackets, every second piece stood within them.
        let pieces = cells[3].split(omittingEmptySubsequences: false) { $0 == "(" || $0 == ")" }
        let outside = pieces.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
        let inside = pieces.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
        return TargetRow(
            name: names(in: cells[0][...]).first ?? cells[0],
            targets: Set(names(in: cells[2][...])),
            products: Set(outside.flatMap(names)),
            companions: Set(inside.flatMap(names))
        )
    }

    private static func names(after mark: String, in markdown: String) -> Set<String> {
        let line = markdown.split(separator: "\n").first { $0.hasPrefix(mark) }
        return Set(names(in: line?.dropFirst(mark.count) ?? ""))
    }

    /// The words between separators, without back quotes; a dash stands for none.
    private static func names(in text: Substring) -> [String] {
        text.split { separators.contains($0) }.map(String.init)
    }
}
