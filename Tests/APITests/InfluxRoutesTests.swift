import Client
import Core
import EventLog
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import TestKit
import Testing

@Suite("The paths of InfluxDB")
struct InfluxRoutesTests {
    private struct Write: Sendable, CustomTestStringConvertible {
        let path: String
        let body: String
        /// Microseconds after the start of the fixture's clock.
        let time: Int64

        var testDescription: String { path }
    }

    private static let second = 1_772_323_200

    private static let writes = [
        Write(path: "/write?db=x", body: "t,device=d value=1 \(second)000000000", time: 0),
        Write(
            path: "/write?precision=s&rp=&u=me&p=no",
            body: "t,device=d value=1 \(second)",
            time: 0
        ),
        Write(path: "/write?precision=u", body: "t,host=d value=1i \(second)000001", time: 1),
        Write(path: "/write?precision=%C2%B5", body: "t,host=d value=1i \(second)000001", time: 1),
        Write(path: "/write?precision=ms", body: "t,host=d value=true \(second)002", time: 2000),
        Write(path: "/write?precision=m", body: "t,host=d value=1 \(second / 60)", time: 0),
        Write(path: "/write?precision=h", body: "t,host=d value=1 \(second / 3600)", time: 0),
        Write(path: "/write?precision=n&device=d", body: "t value=1 \(second)000000000", time: 0),
        Write(path: "/api/v2/write?org=o&bucket=b", body: "t,host=d value=1", time: 0),
        Write(
            path: "/api/v2/write?precision=us&org=o&bucket=b",
            body: "t,host=d note=\"text\",value=1 \(second)000007",
            time: 7
        ),
    ]

    @Test("a line is written in each precision and answered with 204", arguments: writes)
    private func accepted(_ write: Write) async throws {
        let fixture = try await APIFixture()
        try await fixture.withClient { client in
            let answer = try await client.call(.post, write.path, body: write.body)
            #expect(answer.status == 204 && answer.text.isEmpty, "\(answer)")
            #expect(answer.headers.contains { $0.name.canonicalName == "x-influxdb-version" })
            let csv = try await client.get("/v1/events").text.split(separator: "\n")
            let time = ServiceFixture.start + .microseconds(write.time)
            #expect(csv.last.map(String.init) == "\(time),d,t,1.0")
        }
    }

    @Test("good lines beside a bad one are written; the error names it as each version does")
    func partial() async throws {
        let fixture = try await APIFixture()
        try await fixture.withClient { client in
            let body = "t,device=d value=1\nt,device=d value=\nt,device=d value=2 1"
            let first = try await client.call(.post, "/write?db=x", body: body)
            #expect(first.status == 400)
            #expect(first.text.hasPrefix(#"{"error":"partial write: unable to parse line 2 "#))
            #expect(first.text.contains("dropped=1"), "\(first.text)")
            let second = try await client.call(.post, "/api/v2/write", body: "nonsense")
            #expect(second.status == 400)
            #expect(second.text.hasPrefix(#"{"code":"invalid","message":"unable to parse line 1 "#))
            let letters: [DeadLetterInfo] = try await client.get("/v1/events/dead-letters")
                .decoded()
            #expect(
                letters.count == 2 && letters.allSatisfy { $0.format?.hasPrefix("line") == true }
            )
            for blank in ["", "\n\n "] {
                #expect(try await client.call(.post, "/write?db=x", body: blank).status == 204)
            }
        }
        #expect(await fixture.services.log.endOffsets().reduce(0, +) == 2)
    }

    @Test("parameters that cannot be and bodies that are too large are refused in its words")
    func refused() async throws {
        let fixture = try await APIFixture()
        try await fixture.withClient { client in
            let precision = try await client.call(
                .post,
                "/api/v2/write?precision=h",
                body: "t,device=d value=1"
            )
            #expect(precision.status == 400)
            #expect(precision.text.contains("invalid precision \\\"h\\\" (use ns, us, ms, s)"))
            let encoding = try await client.call(
                .post,
                "/write",
                body: "t,device=d value=1",
                headers: [(.contentEncoding, "br")]
            )
            #expect(encoding.status == 400 && encoding.text.contains("br"))
            let large = String(repeating: " ", count: (32 << 20) + 1)
            let tooLarge = try await client.call(.post, "/write", body: large)
            #expect(tooLarge.status == 413 && tooLarge.text.hasPrefix(#"{"error":"#))
        }
    }

    @Test("a token is known in each form that clients send, and only there")
    func tokens() async throws {
        let fixture = try await APIFixture()
        let token = "0123456789abcdef"
        let basic = Data("user:\(token)".utf8).base64EncodedString()
        try await fixture.withClient(token: token) { client in
            func write(_ path: String, _ value: String? = nil) async throws -> Answer {
                try await client.call(
                    .post,
                    path,
                    body: "t,device=d value=1",
                    headers: value.map { [(.authorization, $0)] } ?? []
                )
            }
            for value in ["Token \(token)", "Bearer \(token)", "Basic \(basic)"] {
                #expect(try await write("/api/v2/write", value).status == 204)
                #expect(try await write("/write", value).status == 204)
            }
            #expect(try await write("/write?u=user&p=\(token)").status == 204)
            let none = try await write("/api/v2/write")
            #expect(none.status == 401)
            #expect(none.text.hasPrefix(#"{"code":"unauthorized","message":"#))
            let wrong = try await write("/write?p=wrong", "Token wrong")
            #expect(wrong.status == 401 && wrong.text.hasPrefix(#"{"error":"#))
            #expect(try await write("/v1/events", "Token \(token)").status == 401)
            #expect(try await client.get("/v1/status?p=\(token)").status == 401)
            #expect(try await client.get("/ping").status == 204)
        }
    }

    @Test("a repeated key counts once; queries before writes are answered and others refused")
    func clients() async throws {
        let fixture = try await APIFixture()
        let name = try #require(HTTPField.Name("Idempotency-Key"))
        try await fixture.withClient { client in
            for _ in 0..<2 {
                let answer = try await client.call(
                    .post,
                    "/write",
                    body: "t,device=d value=1",
                    headers: [(name, "k")]
                )
                #expect(answer.status == 204)
            }
            #expect(try await client.call(.head, "/ping").status == 204)
            let create = try await client.call(.post, "/query?q=CREATE%20DATABASE%20%22x%22")
            #expect(create.text == #"{"results":[{"statement_id":0}]}"#)
            let form = try await client.call(
                .post,
                "/query",
                type: "application/x-www-form-urlencoded",
                body: "q=CREATE%20DATABASE%20x"
            )
            #expect(form.status == 200)
            let show = try await client.get("/query?q=SHOW+DATABASES&db=x")
            #expect(show.status == 200 || show.text.contains("InfluxQL"))
            let drop = try await client.call(.post, "/query?q=DROP%20DATABASE%20x")
            #expect(drop.status == 400 && drop.text.hasPrefix(#"{"error":"#))
        }
        #expect(await fixture.services.log.endOffsets().reduce(0, +) == 1)
    }
}
