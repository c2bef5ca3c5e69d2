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

    @Test("every format is found by what it declares, and none twice")
    func registry() {
        #expect(Set(EventFormat.allCases.map(\.rawValue)) == ["json", "ndjson", "line", "csv"])
        for format in EventFormat.allCases {
            #expect(EventFormat(rawValue: format.rawValue) == format)
            for type in format.contentTypes { #expect(EventFormat(contentType: type) == format) }
            for end in format.fileExtensions {
                #expect(EventFormat(fileName: "a." + end) == format)
            }
        }
        #expect(EventFormat(rawValue: "xml") == nil)
        #expect(EventFormat(contentType: "application/vnd.influx.line-protocol") == .line)
    }

    @Test(
        "a body tells its format",
        arguments: [
            ("[1]", "json"), (" {\n\"a\":1}", "json"), ("{\"a\":1}", "ndjson"),
            ("{\"a\":1}\n{}", "ndjson"), ("\u{FEFF}{\"a\":1}\r\n{}", "ndjson"),
            ("m value=1", "line"), ("# note\n\nm,a=b c=1i,d=\"x y\" 5\nrest", "line"),
            ("time,device,sensor,value\n", "csv"), ("time,a b=c\n", "csv"), ("", "csv"),
            ("time,device,value (unit=C)\n", "csv"), ("a b", "csv"), ("m value=x", "csv"),
        ]
    )
    func bodies(_ text: String, _ name: String) {
        let format = Array(text.utf8).withUnsafeBytes { EventFormat(lookingAt: $0) }
        #expect(format.rawValue == name, "\(text)")
    }
}
