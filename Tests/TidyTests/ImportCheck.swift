/// Compares what files import with what the table of targets allows.
struct ImportCheck {
    let table: TargetTable
    /// The folders of `Sources`.
    let sourceTargets: Set<String>

    /// Imports that the table does not allow, as `path:line: message`.
    func findings(in files: [SourceFile]) -> [String] {
        files.filter { $0.isIn("Sources") }.flatMap { file -> [String] in
            let target = String(file.path.split(separator: "/")[1])
            return Self.imports(of: file).compactMap { module, line in
                problem(with: module, in: target).map { "\(file.path):\(line): \($0)" }
            }
        }
    }

    private func problem(with module: String, in target: String) -> String? {
        if module == "TestKit" { return "TestKit is for tests: it is never in the product" }
        if ["API", "fleetscore"].contains(module), target != "fleetscore" {
            return "nothing imports \(module) but the composition root: move what you need down"
        }
        guard let allowed = table.modules(for: target) else {
            return "\(target) is not in the table of targets: add a row to \(TargetTable.path)"
        }
        guard !allowed.contains(module) else { return nil }
        let kind = sourceTargets.contains(module) ? "target" : "module"
        return "\(target) may not import the \(kind) \(module): "
            + "move the code, or change the table in \(TargetTable.path) with a decision record"
    }

    /// The modules that a file imports, with the lines.
    static func imports(of file: SourceFile) -> [(module: String, line: Int)] {
        SourceFile.words("import", in: file.code).compactMap { offset in
            let line = file.line(at: offset)
            let words = file.text(ofLine: line).split { $0 == " " || $0 == ";" || $0 == "\t" }
            guard let index = words.firstIndex(of: "import"), index + 1 < words.count else {
                return nil
            }
            let next = words[index + 1]
            let name = kinds.contains(next) && index + 2 < words.count ? words[index + 2] : next
            return (String(name.prefix { $0 != "." }), line)
        }
    }

    /// Words before the name when a single declaration is imported.
    private static let kinds: Set<Substring> = [
        "class", "enum", "func", "let", "protocol", "struct", "typealias", "var",
    ]
}
