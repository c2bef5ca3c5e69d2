import Client
import EventLog
import FoundationEssentials
import HTTPTypes
import TestKit
import Testing

@testable import API

@Suite("POST /v1/events")
struct EventRoutesTests {
    private struct Body: Sendable, CustomTestStringConvertible {
        let type: String?
        let text: String

        var testDescription: String { type ?? "without a type" }
    }

    private static let bodies = [
        Body(
            type: "application/json; charset=utf-8",
            text: """
                [{"device":"d","sensor":"s","time":"2026-03-01T00:00:00Z","value":1},
                {"device":"d","sensor":"s","time":"2026-03-01T00:00:01Z","value":2}]
                """
        ),
        Body(
            type: nil,
            text: #"{"device":"d","time":1772323200,"s":1,"t":2}"#
        ),
        Body(
            type: "application/x-ndjson",
            text: """
                {"device":"d","sensor":"s","time":"2026-03-01T00:00:00Z","value":1}
                {"device":"d","sensor":"s","time":"2026-03-01T00:00:01Z","value":2}

                """
        ),
        Body(
            type: "text/csv",
            text: "time,device,sensor,value\n2026-03-01T00:00:00Z,d,s,1\n1772323201,d,s,2\n"
        ),
        Body(
            type: "application/x-www-form-urlencoded",
            text: "time,device,sensor,value\n2026-03-01T00:00:00Z,d,s,1\n1772323201,d,s,2\n"
        ),
        Body(
            type: "application/x-www-form-urlencoded",
            text: """
                {"device":"d","sensor":"s","time":"2026-03-01T00:00:00Z","value":1}
                {"device":"d","sensor":"s","time":"2026-03-01T00:00:01Z","value":2}
                """
        ),
        Body(
            type: "application/vnd.influx.line-protocol",
            text: "s,device=d value=1 1772323200000000000\nt,device=d value=2 1772323200000000000"
        ),
        Body(type: "text/plain", text: "m,host=d a=1,b=2 1772323200000000000"),
        Body(
            type: nil,
            text: """
                {
                  "device": "d", "time": 1772323200, "s": 1, "t": 2
                }
                """
        ),
    ]

    @Test("every format is accepted and counted", arguments: bodies)
    private func accepted(_ body: Body) async throws {
        let fixture = try await APIFixture()
        try await fixture.withClient { client in
            let answer = try await client.call(
                .post,
                "/v1/events",
                type: body.type,
                body: body.text
            )
            #expect(answer.status == 200)
            #expect(answer.type == "application/json")
            #expect(
                answer.text
                    == #"{"accepted":2,"duplicate":false,"rejected":0,"rejectedEvents":[]}"#
            )
        }
        #expect(await fixture.services.log.endOffsets().reduce(0, +) == 2)
    }

    @Test("a rejected event is named by place and line, its neighbours are accepted")
    func rejected() async throws {
        let fixture = try await APIFixture()
        try await fixture.withClient { client in
            let answer = try await client.call(
                .post,
                "/v1/events",
                type: "text/csv",
                body: "time,device,sensor,value\n1772323200,d,s,1\n1772323201,d,s,x\n"
            )
            #expect(answer.status == 200)
            #expect(
                answer.text
                    == #"{"accepted":1,"duplicate":false,"rejected":1,"#
                    + #""rejectedByReason":{"bad_value":1},"rejectedEvents":[{"index":1,"line":3,"#
                    + #""message":"\"x\" is not a number","reason":"bad_value"}]}"#
            )
            let kept = try await client.get("/v1/events/rejected")
            #expect(kept.status == 200 && kept.text.contains(#"\"x\" is not a number"#))
        }
    }

    @Test("an answer without rejects is written as an encoder writes it")
    func answer() throws {
        for isDuplicate in [false, true] {
            let outcome = EventsAnswer(
                accepted: 1_234_567,
                duplicate: isDuplicate,
                rejected: 0,
                rejectedByReason: [:],
                rejectedEvents: []
            )
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            #expect(
                EventPost.text(accepted: 1_234_567, isDuplicate: isDuplicate)
                    == Array(try encoder.encode(outcome))
            )
        }
    }

    @Test("a body sent twice with one idempotency key counts once")
    func idempotency() async throws {
        let fixture = try await APIFixture()
        let name = try #require(HTTPField.Name("Idempotency-Key"))
        try await fixture.withClient { client in
            for isDuplicate in [false, true] {
                let answer = try await client.call(
                    .post,
                    "/v1/events",
                    type: "text/csv",
                    body: Self.bodies[3].text,
                    headers: [(name, "batch-1")]
                )
                #expect(answer.status == 200)
                let counts: EventsAnswer = try answer.decoded()
                #expect(counts.accepted == 2 && counts.duplicate == isDuplicate)
            }
            let long = try await client.call(
                .post,
                "/v1/events",
                type: "text/csv",
                body: Self.bodies[3].text,
                headers: [(name, String(repeating: "k", count: 257))]
            )
            #expect(long.status == 400)
            #expect(long.text.contains("Idempotency-Key must have 1 to 256 bytes"))
        }
        #expect(await fixture.services.log.endOffsets().reduce(0, +) == 2)
    }

    @Test("events are exported as they came, of a range and a device")
    func export() async throws {
        let fixture = try await APIFixture()
        try await fixture.services.send([("d,1/s", 0, 0.1), ("e/s", 60, 2), ("e/s", 120, -3)])
        try await fixture.withClient { client in
            let path = "/v1/events?from=2026-03-01T00:01:00Z&to=2026-03-01T00:02:00Z"
            let answer = try await client.get(path)
            #expect(answer.type.hasPrefix("text/csv"))
            #expect(
                answer.text == "time,device,sensor,value\n2026-03-01T00:01:00Z,e,s,2.0\n"
            )
            let device = try await client.get("/v1/events?device=e")
            #expect(device.text.split(separator: "\n").count == 3)
            let parquet = try await client.get("/v1/events?format=parquet")
            #expect(parquet.text.hasPrefix("PAR1"))
        }
    }
}
