import Testing

@Suite("The tree is tidy")
struct TidyRulesTests {
    /// A made-up file and whether its rule must complain about it.
    struct Sample: Sendable {
        let text: String
        let isBad: Bool
        let path: String

        init(bad text: String, at path: String = "Sources/Core/Made.swift") {
            self.text = text
            self.path = path
            isBad = true
        }

        init(good text: String, at path: String = "Sources/Core/Made.swift") {
            self.text = text
            self.path = path
            isBad = false
        }
    }

    /// Checks that a rule tells bad samples from good ones, and that no file breaks it.
    private func check(
        _ rule: TidyRule,
        on samples: [Sample],
        in files: [SourceFile] = Repository.swiftFiles,
        location: SourceLocation = #_sourceLocation
    ) {
        for sample in samples {
            let isFound = !rule.findings(path: sample.path, sample.text).isEmpty
            #expect(isFound == sample.isBad, "\(sample.text)", sourceLocation: location)
        }
        #expect(samples.contains { $0.isBad }, "the rule is never seen to fail")
        let hasFiles = files.contains { rule.applies($0) }
        #expect(hasFiles, "the rule looks at no file")
        let findings = rule.findings(in: files)
        #expect(
            findings.isEmpty,
            "\n\(findings.joined(separator: "\n"))",
            sourceLocation: location
        )
    }

    @Test("Nothing traps where an error can be thrown")
    func traps() {
        check(
            TidyRules.traps,
            on: [
                Sample(bad: "let a = try! load()"),
                Sample(bad: "let a = b as! String"),
                Sample(bad: "func a() { fatalError(\"no\") }"),
                Sample(bad: "let a = \"\\(try! load())\""),
                Sample(good: "let a = try load() // never try!"),
                Sample(good: "let a = \"fatalError(\""),
                Sample(good: "let a = alias != b"),
            ]
        )
    }

    @Test("Time comes from injected clocks outside the composition root")
    func clocks() {
        check(
            TidyRules.clocks,
            on: [
                Sample(bad: "let now = Date()"),
                Sample(bad: "let now = Date.now"),
                Sample(bad: "let clock = ContinuousClock()"),
                Sample(bad: "try await Task.sleep(for: .seconds(1))"),
                Sample(good: "let clock = ContinuousClock()", at: "Sources/fleetscore/Made.swift"),
                Sample(good: "let date = CivilDate()"),
                Sample(good: "func wait(_ clock: ContinuousClock) {}"),
            ]
        )
    }

    @Test("Tests are written with Swift Testing only")
    func oldTests() {
        check(
            TidyRules.oldTests,
            on: [
                Sample(bad: "import XCTest", at: "Tests/CoreTests/Made.swift"),
                Sample(good: "import Testing", at: "Tests/CoreTests/Made.swift"),
            ]
        )
    }

    @Test("Every unchecked promise says why it holds")
    func safety() {
        let reason = "// SAFETY" + ": the lock guards it."
        check(
            TidyRules.safety,
            on: [
                Sample(bad: "final class A: @unchecked Sendable {}"),
                Sample(bad: "nonisolated(unsafe) var a = 1"),
                Sample(bad: "@preconcurrency import A"),
                Sample(bad: reason + "\n\n\n\nfinal class A: @unchecked Sendable {}"),
                Sample(good: reason + "\nfinal class A: @unchecked Sendable {}"),
                Sample(good: "/// Not @unchecked Sendable.\nfinal class A: Sendable {}"),
            ]
        )
    }

    @Test("No reminders are left in the text")
    func marks() {
        check(
            TidyRules.marks,
            on: [
                Sample(bad: "// TO" + "DO: later"),
                Sample(bad: "# FIX" + "ME", at: "scripts/made.sh"),
                Sample(bad: "XX" + "X", at: "docs/made.md"),
                Sample(good: "let TODOS = 1"),
                Sample(good: "// a mark"),
            ],
            in: Repository.textFiles
        )
    }

    @Test("No path of somebody's machine is left in the text")
    func machinePaths() {
        let home = "/" + "home/me"
        check(
            TidyRules.machinePaths,
            on: [
                Sample(bad: "let a = \"\(home)/a\""),
                Sample(bad: "DATA=\(home)/data", at: "scripts/made.sh"),
                Sample(bad: "`\(home)/a`", at: "docs/made.md"),
                Sample(good: "let a = folder + \"\(home.dropFirst())/a\""),
                Sample(bad: "let a = \"/" + "tmp/a\""),
                Sample(good: "let a = \"/" + "tmp/a\"", at: "Tests/CoreTests/Made.swift"),
                Sample(good: "see docs\(home)/a", at: "docs/made.md"),
                Sample(good: "ls \"$PWD\(home)/a\"", at: "scripts/made.sh"),
            ],
            in: Repository.textFiles
        )
    }

    @Test("Files stay short")
    func fileLength() {
        func lines(_ count: Int) -> String { String(repeating: "let a = 1\n", count: count) }
        check(
            TidyRules.fileLength,
            on: [
                Sample(bad: lines(601)), Sample(good: lines(600)),
                Sample(bad: lines(801), at: "Tests/CoreTests/Made.swift"),
                Sample(good: lines(800), at: "Tests/CoreTests/Made.swift"),
            ]
        )
    }

    @Test("Functions stay short")
    func functionLength() {
        func lines(_ count: Int) -> String { String(repeating: "    a()\n", count: count) }
        check(
            TidyRules.functionLength,
            on: [
                Sample(bad: "struct A {\nfunc a() {\n\(lines(69))}\n}\n"),
                Sample(bad: "struct A {\ninit(a: Int = { 1 }()) {\n\(lines(69))}\n}\n"),
                Sample(good: "struct A {\nfunc a() {\n\(lines(68))}\n}\n"),
                Sample(good: "protocol A {\nfunc a()\nfunc b()\n}\nlet c = {\n\(lines(90))}()\n"),
                Sample(good: "func a() {\n\(lines(40))}\nfunc b() {\n\(lines(40))}\n"),
            ]
        )
    }

    @Test("Lines stay within the page")
    func lineLength() {
        func line(_ count: Int) -> String { "//" + String(repeating: "é", count: count - 2) }
        check(TidyRules.lineLength, on: [Sample(bad: line(101)), Sample(good: line(100))])
    }

    @Test("What looks like a test is one")
    func forgottenTests() {
        let path = "Tests/CoreTests/Made.swift"
        check(
            TidyRules.forgottenTests,
            on: [
                Sample(bad: "func testSum() { }", at: path),
                Sample(bad: "func sum() async throws { #expect(1 == 1) }", at: path),
                Sample(
                    bad: "@Test(\"a\") func a() { #expect(true) }\nfunc b() { #expect(true) }",
                    at: path
                ),
                Sample(
                    good: "@Test(\"a\", arguments: [{ 1 }()])\nfunc a() { #expect(true) }",
                    at: path
                ),
                Sample(good: "@Test\n// why\nfunc testSum() { #expect(true) }", at: path),
                Sample(good: "private func sum() { #expect(true) }", at: path),
                Sample(good: "func sum(of a: Int) { #expect(a == 1) }", at: path),
                Sample(good: "func tester() { }", at: path),
            ]
        )
    }

    @Test("Every test checks something")
    func emptyTests() {
        let path = "Tests/CoreTests/Made.swift"
        check(
            TidyRules.emptyTests,
            on: [
                Sample(bad: "@Test(\"a\") func a() { }", at: path),
                Sample(bad: "@Test func a() { load() /* #expect(true) */ }", at: path),
                Sample(good: "@Test func a() throws { try #require(load()) }", at: path),
                Sample(good: "@Test func a() { checkAll(1) }", at: path),
                Sample(good: "@Test func a() { Issue.record(\"no\") }", at: path),
                Sample(good: "func a() { }", at: path),
            ]
        )
    }

    @Test("No placeholder is left behind")
    func leftovers() {
        check(
            TidyRules.leftovers,
            on: [
                Sample(bad: "let a = 1", at: "Sources/Core/Target.swift"),
                Sample(bad: "// nothing yet\n"),
                Sample(good: "let a = 1"),
            ]
        )
    }
}
