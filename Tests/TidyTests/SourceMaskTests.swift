import Testing

@Suite("Code without comments and strings")
struct SourceMaskTests {
    struct Case: Sendable {
        let text: String
        let code: String

        init(_ text: String, _ code: String) {
            self.text = text
            self.code = code
        }
    }

    @Test(
        "Comments and string contents become blanks",
        arguments: [
            Case("a // b", "a     "),
            Case("a /* b /* c */ */ d", "a                 d"),
            Case("a(\"b\")", "a(\" \")"),
            Case("a(\"b\\\"c\") + d", "a(\"    \") + d"),
            Case("\"a\\(b(\"c\"))d\" + e", "\"  (b(\" \")) \" + e"),
            Case("#\"a\"b\\(c)\"# + d", "#\"       \"# + d"),
            Case("#\"a\\#(b)\"# + c", "#\"   (b)\"# + c"),
            Case("\"\"\"\na\"b\n\"\"\" + c", "\"\"\"\n   \n\"\"\" + c"),
            Case("#/a\"b/# + c", "        + c"),
            Case("#expect(a)", "#expect(a)"),
            Case("\"a\nb", "\" \nb"),
        ]
    )
    func mask(_ sample: Case) {
        let code = SourceMask.code(of: Array(sample.text.utf8))
        #expect(String(decoding: code, as: UTF8.self) == sample.code)
    }

    @Test("Lines are counted from one")
    func lines() {
        let file = SourceFile(path: "a.swift", text: "a\nbc\n\nd\n")
        #expect(file.lineCount == 4)
        #expect([0, 1, 2, 4, 5, 6].map(file.line(at:)) == [1, 1, 2, 2, 3, 4])
        #expect((0...6).map(file.text(ofLine:)) == ["", "a", "bc", "", "d", "", ""])
    }
}
