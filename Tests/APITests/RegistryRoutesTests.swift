import Client
import Core
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Service
import Store
import TestKit
import Testing

@Suite("The registry and silent series over HTTP")
struct RegistryRoutesTests {
    private static func put(
        _ client: any TestClientProtocol,
        _ type: String,
        _ body: String
    ) async throws -> Answer {
        try await client.call(.put, "/v1/registry", type: type, body: body)
    }

    @Test("entries come as JSON or CSV, are listed in key order and removed")
    func entries() async throws {
        let fixture = try await APIFixture()
        try await fixture.withClient { client in
            let json = """
                [{"device":"b","sensor":"s","unit":"C","min":-1,"max":2.5},
                {"device":"a","site":"x","expected_interval":"10s"}]
                """
            #expect(try await Self.put(client, "application/json", json).text == #"{"changed":2}"#)
            let csv = "device,sensor,site,max\n\"c,1\",\"s \"\"2\"\"\",\"two\nlines\",\n\nd,,y,9\n"
            #expect(try await Self.put(client, "text/csv", csv).text == #"{"changed":2}"#)
            let found: [RegistryInfo] = try await client.get("/v1/registry").decoded()
            #expect(found.map(\.device) == ["a", "b", "c,1", "d"])
            #expect(found.map(\.sensor) == [nil, "s", "s \"2\"", nil])
            #expect(found.map(\.site) == ["x", nil, "two\nlines", "y"])
            #expect(found[0].expectedInterval == "10s" && found[1].max == 2.5 && found[3].max == 9)
            let page: [RegistryInfo] = try await client.get("/v1/registry?after=a&limit=1")
                .decoded()
            #expect(page.map(\.device) == ["b"])
            let encoded = "/v1/registry/c%2C1/s%20%222%22"
            #expect(try await client.call(.delete, encoded).text == #"{"changed":1}"#)
            #expect(try await client.call(.delete, "/v1/registry/a").status == 200)
            #expect(try await client.call(.delete, "/v1/registry/a").status == 404)
        }
    }

    private static let refused: [(type: String, body: String, text: String)] = [
        ("application/json", "{}", "no list"),
        ("application/json", #"[{"sensor":"s"}]"#, "no list"),
        ("application/json", #"[{"device":"a/b"}]"#, "device"),
        ("application/json", #"[{"device":"a","expectedInterval":"soon"}]"#, "soon"),
        ("application/json", #"[{"device":"a","min":2,"max":1}]"#, "above"),
        ("text/csv", "", "empty"), ("text/csv", "name\nx\n", "no device column"),
        ("text/csv", "device,min\na,low\n", "line 2"), ("text/csv", "device\n\"a\n", "quote"),
        ("text/csv", "device,site\n,x\n", "line 2 has no device"),
        (
            "application/json", #"[{"device":"m-0"},{"device":"m-1","expectedIntervall":"30s"}]"#,
            #"entry 2 (\"m-1\") has the unknown key \"expectedIntervall\""#
        ),
        (
            "application/json", #"[{"device":"m-1","sit":"x"}]"#,
            #"did you mean \"site\"?"#
        ),
        ("text/csv", "device,foo\nm-1,x\n", #"unknown column \"foo\""#),
        ("text/csv", "device,expected_intervall\nm-1,1s\n", #"mean \"expected_interval\"?"#),
        ("text/csv", "device,site,Site\nm-1,a,b\n", #"two columns \"site\""#),
        ("text/csv", "device,min,max\nm-1,1,5,2,5\n", "line 2 has 5 fields, the header 3"),
    ]

    @Test("a bad entry is named and none is taken", arguments: refused)
    func refusedEntries(_ given: (type: String, body: String, text: String)) async throws {
        let fixture = try await APIFixture()
        try await fixture.withClient { client in
            let answer = try await Self.put(client, given.type, given.body)
            #expect(answer.status == 400 && answer.text.contains(given.text), "\(answer.text)")
            #expect(try await client.get("/v1/registry").text == "[]")
        }
    }

    @Test("a list is taken back as it is answered, a table apart by semicolons or tabs too")
    func forms() async throws {
        let fixture = try await APIFixture()
        try await fixture.withClient { client in
            let tables = [
                "device;site;expectedInterval;\na;x,y;10s;\n", "\nDevice\tSite\nb\tz;z\n",
                "\u{FEFF}\"device\"; min\r\nc;-1.5\r\n",
            ]
            for table in tables {
                #expect(try await Self.put(client, "text/csv", table).text == #"{"changed":1}"#)
            }
            let listed = try await client.get("/v1/registry")
            let found: [RegistryInfo] = try listed.decoded()
            #expect(found.map(\.site) == ["x,y", "z;z", nil])
            #expect(found.first?.expectedInterval == "10s" && found.last?.min == -1.5)
            let again = try await Self.put(client, "application/json", listed.text)
            #expect(again.text == #"{"changed":3}"#)
        }
    }

    @Test("a series is silent after three times its interval, and expected for a while")
    func silent() async throws {
        let fixture = try await APIFixture()
        try await fixture.services.send([("a/s", 0, 1), ("b/s", 0, 1)])
        try await fixture.settle()
        var seen = SeenTimes(series: SeriesDictionary())
        for (device, time) in [("a", 0), ("b", 0)] {
            let id = seen.series.insert(try SeriesKey(device: device, sensor: "s"))
            seen.ids.append(id)
            seen.times.append((ServiceFixture.start + .seconds(time)).microseconds)
        }
        try await fixture.services.windows.noteSeen(seen, at: ServiceFixture.start)
        try await fixture.withClient { client in
            func silent() async throws -> [SilentInfo] {
                try await client.get("/v1/silent").decoded(SilentAnswer.self).series
            }
            #expect(try await silent().isEmpty)
            _ = try await Self.put(
                client,
                "application/json",
                #"[{"device":"b","expectedInterval":"10s"}]"#
            )
            fixture.services.clock.advance(by: .seconds(31))
            let first = try await silent()
            #expect(first.map(\.device) == ["b"])
            #expect(
                first.first?.expectedBecause == "recent" && first.first?.expectedInterval == "10s"
            )
            #expect(first.first?.silentSince == ServiceFixture.start + .seconds(30))
            fixture.services.clock.advance(by: .seconds(900))
            #expect(try await silent().map(\.device) == ["a", "b"])
            let cut: SilentAnswer = try await client.get("/v1/silent?limit=1").decoded()
            #expect(cut.series.count == 1 && cut.hasMore)
            fixture.services.clock.advance(by: .seconds(8 * 86_400))
            #expect(try await silent().isEmpty)
        }
    }

    @Test("windows of a range are computed again and say what changed")
    func rebuild() async throws {
        let fixture = try await APIFixture()
        try await fixture.services.send([("d/s", 0, 1), ("d/s", 30, 2), ("d/s", 300, 3)])
        try await fixture.settle()
        try await fixture.withClient { client in
            func rebuild(_ body: String) async throws -> Answer {
                try await client.call(
                    .post,
                    "/v1/windows/rebuild",
                    type: "application/json",
                    body: body
                )
            }
            let range = #""from":"2026-03-01T00:00:00Z","to":"2026-03-01T00:04:00Z""#
            let same = try await rebuild("{\"definition\":\"1m\",\(range)}")
            #expect(
                same.text == #"{"added":0,"changed":0,"removed":0,"unchanged":1}"#,
                "\(same.text)"
            )
            #expect(try await rebuild("{\"definition\":\"2m\",\(range)}").status == 404)
            let source = try await rebuild("{\"definition\":\"1m\",\(range),\"source\":\"tape\"}")
            #expect(source.status == 400 && source.text.contains("log or capture"))
        }
    }
}
