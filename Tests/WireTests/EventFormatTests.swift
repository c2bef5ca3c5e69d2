import Testing
import Wire

@Suite("Event formats")
struct EventFormatTests {
    @Test("a content type tells the format")
    func contentTypes() {
        #expect(EventFormat(contentType: "text/csv; charset=utf-8") == .csv)
        #expect(EventFormat(contentType: "application/x-ndjson") == .ndjson)
        #expect(EventFormat(contentType: "Application/JSON ; x=y") == .json)
        #expect(EventFormat(contentType: "text/plain") == nil)
        #expect(EventFormat(contentType: "") == nil)
    }

    @Test("a file name tells the format")
    func fileNames() {
        #expect(EventFormat(fileName: "a.b/c.CSV") == .csv)
        #expect(EventFormat(fileName: "x.tsv") == .csv)
        #expect(EventFormat(fileName: "x.jsonl") == .ndjson)
        #expect(EventFormat(fileName: "x.json") == .json)
        #expect(EventFormat(fileName: "csv") == nil)
        #expect(EventFormat(fileName: "x.") == nil)
    }
}
