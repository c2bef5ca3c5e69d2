import Testing

@testable import Core

@Suite("Did you mean")
struct DidYouMeanTests {
    @Test("close names are suggested")
    func close() {
        let names = ["time", "device", "sensor", "value", "Europe/Berlin"]
        let rows: [(String, String?)] = [
            ("tiem", "time"), ("Device", "device"), ("sensr", "sensor"), ("vlaue", "value"),
            ("europe/berlin", "Europe/Berlin"), ("Europ/Berln", "Europe/Berlin"),
            ("temperature", nil), ("", nil), ("x", nil), ("tim", "time"), ("xyz", nil),
            (String(repeating: "x", count: 100_000), nil),
        ]
        for (text, expected) in rows {
            #expect(
                DidYouMean.suggestion(for: text, among: names) == expected,
                "\(text.prefix(20))"
            )
        }
        #expect(DidYouMean.suggestion(for: "a", among: []) == nil)
    }

    @Test("the distance counts inserts, deletes, replacements and swaps")
    func distance() {
        let rows: [(String, String, Int)] = [
            ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abd", 1), ("abc", "acb", 1),
            ("kitten", "sitting", 3), ("ca", "abc", 3), ("abcd", "badc", 2),
        ]
        for (left, right, expected) in rows {
            let distance = DidYouMean.distance(Array(left.utf8), Array(right.utf8))
            #expect(distance == expected, "\(left) \(right)")
        }
    }

    @Test("without a close name the hint lists what there is")
    func hint() {
        #expect(DidYouMean.hint(for: "valeu", among: ["value"]) == "did you mean \"value\"?")
        #expect(DidYouMean.hint(for: "x", among: ["time", "value"]) == "there is: time, value")
    }
}
