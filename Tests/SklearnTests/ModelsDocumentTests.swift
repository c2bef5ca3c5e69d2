import FoundationEssentials
import Testing

@testable import Sklearn

@Suite("docs/models.md")
struct ModelsDocumentTests {
    @Test("Every estimator that is read is in the document, and no other")
    func estimators() throws {
        let root = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 }
        let text = try String(contentsOfFile: root + "/docs/models.md", encoding: .utf8)
        let start = try #require(text.firstRange(of: "<!-- estimators -->"))
        let end = try #require(text.firstRange(of: "<!-- end of estimators -->"))
        var named: Set<String> = []
        for line in text[start.upperBound..<end.lowerBound].split(separator: "\n")
        where line.hasPrefix("| `") {
            let cell = line.dropFirst(2).prefix { $0 != "|" }
            for name in cell.split(separator: ",") {
                named.insert(String(name.filter { $0 != "`" && $0 != " " }))
            }
        }
        let read = Set(EstimatorRegistry.rules.flatMap { $0.classNames.map { "\($0)" } })
        #expect(read.subtracting(named) == [], "missing in docs/models.md")
        #expect(named.subtracting(read) == ["Pipeline"], "in docs/models.md but not read")
    }
}
