import Client
import Core
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Service
import Store
import TestKit
import Testing
import Wire

@Suite("Dead letters over HTTP")
struct DeadLetterRoutesTests {
    private static let letters = "/v1/events/dead-letters"

    private static func list(
        _ client: any TestClientProtocol,
        _ query: String = ""
    ) async throws -> [DeadLetterInfo] {
        try await client.get(letters + query).decoded()
    }

    private static func replay(
        _ client: any TestClientProtocol,
        _ body: String
    ) async throws -> ReplayAnswer {
        let answer = try await client.call(
            .post,
            letters + "/replay",
            type: "application/json",
            body: body
        )
        try #require(answer.status == 200, "\(answer.text)")
        return try answer.decoded()
    }

    @Test("rejected events are listed by reason and in pages, shown and counted")
    func listed() async throws {
        let fixture = try await APIFixture()
        try await fixture.withClient { client in
            let body = "time,device,sensor,value\nnever,d,s,1\n1772323200,d,s,x\n1772323201,d,s,y\n"
            _ = try await client.call(.post, "/v1/events", type: "text/csv", body: body)
            let all = try await Self.list(client)
            #expect(all.map(\.reason) == ["bad_value", "bad_value", "bad_time"])
            #expect(all.map(\.text).first == "1772323201,d,s,y")
            #expect(
                try await Self.list(client, "?reason=bad_time").map(\.number) == [all[2].number]
            )
            let page = try await Self.list(client, "?before=\(all[0].number)&limit=1")
            #expect(page == [all[1]])
            #expect(try await Self.list(client, "?since=2030-01-01T00:00:00Z").isEmpty)
            let one = try await client.get(Self.letters + "/\(all[1].number)")
            #expect(try one.decoded(DeadLetterInfo.self) == all[1])
            #expect(try await client.get(Self.letters + "/999").status == 404)
            #expect(try await client.get(Self.letters + "/one").status == 400)
            #expect(try await client.get(Self.letters + "?before=x").status == 400)
            let counts: [EventCountInfo] = try await client.get("/v1/events/counts").decoded()
            let found = Dictionary(uniqueKeysWithValues: counts.map { ($0.reason, $0.count) })
            #expect(found == ["bad_value": 2, "bad_time": 1])
            let rejected: [DeadLetterInfo] = try await client.get("/v1/events/rejected").decoded()
            #expect(rejected == all)
            #expect(try await client.get("/v1/events/late").text == "[]")
        }
    }

    @Test("a text is decoded again with the options it came with")
    func replayedText() async throws {
        let fixture = try await APIFixture()
        let now = ServiceFixture.start
        try await fixture.services.windows.addDeadLetters(
            [
                DeadLetter(
                    receivedAt: now,
                    reason: .badTime,
                    source: "http",
                    text: "2026-03-01 01:00:05;machine;5",
                    context: "zeit;device;value",
                    format: "csv?columns=time%3Dzeit&time_zone=Europe/Berlin&sensor=s"
                ),
                DeadLetter(
                    receivedAt: now,
                    reason: .badValue,
                    source: "http",
                    text: "nothing,to,read",
                    context: "time,device,value",
                    format: "csv"
                ),
            ],
            counts: nil
        )
        try await fixture.withClient { client in
            let numbers = try await Self.list(client).map(\.number)
            let answer = try await Self.replay(client, "{\"numbers\":\(numbers)}")
            #expect(answer.letters == 2 && answer.accepted == 1 && answer.rejected == 1)
            #expect(answer.problems.count == 1)
            let csv = try await client.get("/v1/events").text
            #expect(csv.hasSuffix("2026-03-01T00:00:05Z,machine,s,5.0\n"), "\(csv)")
            let replayed = try await Self.list(client).filter { $0.replayedAt != nil }
            #expect(replayed.map(\.reason) == ["bad_time"])
            let again = try await Self.replay(client, #"{"reason":"bad_time"}"#)
            #expect(again.letters == 0)
            let missing = try await client.call(
                .post,
                Self.letters + "/replay",
                type: "application/json",
                body: "{\"numbers\":[\(numbers[0]),12345]}"
            )
            #expect(missing.status == 404 && missing.text.contains("no dead letter 12345"))
        }
    }

    @Test("events that are in windows already are left alone")
    func leftAlone() async throws {
        let fixture = try await APIFixture()
        let now = ServiceFixture.start
        func letter(_ reason: DeadLetterReason, offset: Int64, message: String? = nil) -> DeadLetter
        {
            DeadLetter(
                receivedAt: now,
                reason: reason,
                source: "log",
                definition: reason == .late ? "1m" : nil,
                device: "d",
                sensor: "s\(offset)",
                time: now,
                value: 1,
                message: message,
                partition: 0,
                offset: offset
            )
        }
        try await fixture.services.windows.addDeadLetters(
            [
                letter(.duplicate, offset: 1), letter(.late, offset: 2),
                letter(.outOfRange, offset: 3, message: "…: flagged, its windows count it"),
                letter(.outOfRange, offset: 4, message: "…: rejected"),
            ],
            counts: nil
        )
        try await fixture.withClient { client in
            let answer = try await Self.replay(client, #"{"device":"d"}"#)
            #expect(answer.letters == 4 && answer.accepted == 2 && answer.rejected == 0)
            #expect(answer.skipped == ["duplicate": 1, "flagged": 1])
        }
    }

    @Test("a replay that is repeated appends nothing, and says so")
    func repeated() async throws {
        let fixture = try await APIFixture()
        try await fixture.services.windows.addDeadLetters(
            [
                DeadLetter(
                    receivedAt: ServiceFixture.start,
                    reason: .overLimit,
                    source: "http",
                    device: "d",
                    sensor: "s",
                    time: ServiceFixture.start,
                    value: 1
                )
            ],
            counts: nil
        )
        try await fixture.withClient { client in
            let body = "{\"numbers\":\(try await Self.list(client).map(\.number))}"
            let first = try await Self.replay(client, body)
            #expect(first.accepted == 1 && first.repeated == 0)
            let second = try await Self.replay(client, body)
            #expect(second.letters == 1 && second.accepted == 0 && second.repeated == 1)
        }
    }

    @Test("a reason that no event has is refused, with what may be meant")
    func unknownReason() async throws {
        let fixture = try await APIFixture()
        try await fixture.services.windows.addDeadLetters(
            [],
            counts: [EventCount(reason: DeadLetterReason(rawValue: "of old"), count: 1)]
        )
        try await fixture.withClient { client in
            for reason in DeadLetterReason.all.map(\.rawValue) + ["of%20old"] {
                #expect(try await Self.list(client, "?reason=\(reason)").isEmpty)
            }
            let read = Set(RejectReason.allCases.map { DeadLetterReason(rawValue: $0.rawValue) })
            #expect(read.isSubset(of: DeadLetterReason.all))
            let typo = try await client.get(Self.letters + "?reason=bad_tiem")
            #expect(typo.status == 400 && typo.text.contains("did you mean"), "\(typo.text)")
            let answer = try await client.call(
                .post,
                Self.letters + "/replay",
                type: "application/json",
                body: #"{"reason":"nope"}"#
            )
            #expect(answer.status == 400 && answer.text.contains("unknown reason"))
        }
    }

    @Test("what to replay must be said", arguments: ["{}", #"{"limit":5}"#, "[]", "x"])
    func unsaid(_ body: String) async throws {
        let fixture = try await APIFixture()
        try await fixture.withClient { client in
            let answer = try await client.call(
                .post,
                Self.letters + "/replay",
                type: "application/json",
                body: body
            )
            #expect(answer.status == 400, "\(answer.text)")
        }
    }
}
