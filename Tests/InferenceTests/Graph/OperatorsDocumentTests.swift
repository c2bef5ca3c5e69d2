import FoundationEssentials
import Testing

@testable import Inference

@Suite("Operators in docs/models.md")
struct OperatorsDocumentTests {
    @Test("Every operator that can be evaluated is in the document, and no other")
    func operators() throws {
        let root = #filePath.split(separator: "/").dropLast(4).reduce(into: "") { $0 += "/" + $1 }
        let text = try String(contentsOfFile: root + "/docs/models.md", encoding: .utf8)
        let start = try #require(text.firstRange(of: "<!-- operators -->"))
        let end = try #require(text.firstRange(of: "<!-- end of operators -->"))
        var named: Set<String> = []
        for line in text[start.upperBound..<end.lowerBound].split(separator: "\n")
        where line.hasPrefix("| `") {
            let cells = line.split(separator: "|").map { $0.filter { $0 != "`" && $0 != " " } }
            for name in cells[1].split(separator: ",") { named.insert("\(cells[0]).\(name)") }
        }
        let known = Set(OperatorRegistry.names)
        #expect(known.subtracting(named) == [], "missing in docs/models.md")
        #expect(named.subtracting(known) == [], "in docs/models.md but not known")
    }
}
