import Core
import FoundationEssentials
import Testing

@Suite("Time intervals")
struct TimeIntervalTests {
    @Test("START/END is read and written")
    func text() throws {
        let text = "2026-01-01T00:00:00Z/2026-01-02T00:00:00Z"
        let interval = try Core.TimeInterval(parsing: text)
        #expect(interval.description == text)
        #expect(interval.duration == .seconds(86_400))
        #expect(interval.contains(interval.start))
        #expect(!interval.contains(interval.end))
    }

    @Test(
        "other text is refused",
        arguments: [
            "", "/", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z/2026-01-01T00:00:00Z",
            "2026-01-02T00:00:00Z/2026-01-01T00:00:00Z", "2026-01-01/2026-01-02",
        ]
    )
    func refuses(_ text: String) {
        #expect(throws: FleetError.self) { try Core.TimeInterval(parsing: text) }
    }

    @Test("JSON cannot make an empty interval")
    func json() throws {
        let interval = try Core.TimeInterval(
            start: Timestamp(seconds: 0),
            end: Timestamp(seconds: 60)
        )
        let data = try JSONEncoder().encode(interval)
        #expect(try JSONDecoder().decode(Core.TimeInterval.self, from: data) == interval)
        let empty = Data(#"{"start":"1970-01-01T00:00:00Z","end":"1970-01-01T00:00:00Z"}"#.utf8)
        #expect(throws: FleetError.self) {
            try JSONDecoder().decode(Core.TimeInterval.self, from: empty)
        }
    }
}
