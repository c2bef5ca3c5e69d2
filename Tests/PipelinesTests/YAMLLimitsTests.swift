import Core
import Pipelines
import Testing

@Suite("YAML limits")
struct YAMLLimitsTests {
    private func problem(_ yaml: String) -> String {
        PipelineDocument.check(yaml: yaml, file: "p").problems.first?.description ?? "none"
    }

    @Test("A document over 1 MiB is refused")
    func size() {
        let yaml = "#" + String(repeating: "x", count: 1 << 20)
        #expect(problem(yaml) == "p:1: the document has 1048577 bytes; at most 1 MiB")
    }

    @Test("A document with too many values is refused")
    func values() {
        let yaml = "a: [" + String(repeating: "1,", count: 100_001) + "1]"
        #expect(problem(yaml) == "p:1: the document has more than 100000 values")
    }

    @Test("A deeply nested document is refused", arguments: [40, 900, 20_000])
    func depth(_ depth: Int) {
        let yaml =
            "a: " + String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        #expect(problem(yaml).hasPrefix("p:1: "))
    }

    @Test("A text whose aliases stand for billions of values is refused at once")
    func bomb() {
        var yaml = "a0: &a0 [x, x]\n"
        for level in 1...60 {
            yaml += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n"
        }
        yaml += "*a60 : 1\n*a60 : 2\n"
        #expect(problem(yaml).contains("anchors and aliases"))
    }

    @Test("References behind comments and odd line breaks do not hide")
    func hidden() {
        for lineBreak in ["\r", "\u{85}", "\u{2028}"] {
            let yaml = "# note\(lineBreak)a: &a [x]\(lineBreak)*a : 1"
            #expect(problem(yaml).contains("anchors and aliases"), "\(lineBreak.unicodeScalars)")
        }
    }

    @Test("Explicit keys are refused wherever they can stand")
    func explicitKeys() {
        let long = "[" + String(repeating: "1,", count: 400_000) + "1]"
        let nested = String(repeating: "{? ", count: 900) + long
        for yaml in [
            nested, "? a\n: 1", "a: {b: 1,\n ? c}", "- ? a", "#x\u{85}? a", "a: [?\t1 : 2]",
        ] {
            #expect(problem(yaml).hasSuffix("a key must be a plain name"), "\(yaml.prefix(20))")
        }
    }

    @Test("Marks inside words and comments are no references")
    func words() throws {
        let yaml = "# R &D ? *bold*\n# ? x\n" + PipelineDocumentTests.head + "# see &that\n"
        _ = try PipelineDocument.parse(yaml: yaml, file: "p")
        let server = try ServerDocument.parse(
            yaml: "windows: [{name: a, size: 1m, where: 'value > 1 && value < 2*5'}]",
            file: "s"
        )
        #expect(server.windows.first?.filter == "value > 1 && value < 2*5")
    }

    @Test("Random texts never stop the process")
    func randomTexts() {
        let seed: UInt64 = 0xF1EE7
        var generator = SeededGenerator(seed: seed)
        let pieces = [
            "version: 1\n", "name", ": ", "- ", "[", "]", "{", "}", ",", "\n", "  ", "&a ", "*a",
            "\"", "'", "#", "|", ">", "\\u12", "\u{0}", "\u{FEFF}", "% ", "!!str ", "? ", "é",
            "---",
            "\t", "1e9", "\\", "limits:", "features:", "schedule:", "cron: ",
            "99999999999999999999",
        ]
        for _ in 0..<600 {
            let yaml = (0..<generator.below(30)).map { _ in pieces[generator.below(pieces.count)] }
                .joined()
            let checked = PipelineDocument.check(yaml: yaml, file: "p")
            #expect(
                (checked.document == nil) != checked.problems.isEmpty,
                "seed \(seed): \(yaml.debugDescription)"
            )
        }
    }
}
