import Client
import Core
import EventLog
import HTTPTypes
import TestKit
import Testing

@Suite("Errors as the API answers them")
struct ErrorAnswersTests {
    private struct Case: Sendable, CustomTestStringConvertible {
        var method = HTTPRequest.Method.get
        let path: String
        var type: String?
        var body: String?
        let status: Int
        let code: String
        let message: String
        var hint: String?

        var testDescription: String { "\(method) \(path)" }

        /// The whole answer, keys sorted.
        var golden: String {
            let hint = hint.map { ",\"hint\":\"\(escaped($0))\"" } ?? ""
            let (left, right) = hint < ",\"m" ? (hint, "") : ("", hint)
            return "{\"error\":{\"code\":\"\(code)\"\(left),\"message\":\"\(escaped(message))\""
                + "\(right)}}"
        }

        private func escaped(_ text: String) -> String {
            text.reduce(into: "") { $0 += $1 == "\"" ? "\\\"" : String($1) }
        }
    }

    private static let cases = [
        Case(
            method: .post,
            path: "/v1/events",
            type: "application/xml",
            body: "<a/>",
            status: 422,
            code: "unsupported",
            message: "cannot read events of type \"application/xml\"",
            hint: "send application/json, application/x-ndjson, text/csv or "
                + "application/vnd.influx.line-protocol"
        ),
        Case(
            path: "/v1/fleets/plnt",
            status: 404,
            code: "notFound",
            message: "there is no fleet \"plnt\"",
            hint: "did you mean \"plant\"?"
        ),
        Case(
            path: "/v1/fleets/other",
            status: 404,
            code: "notFound",
            message: "there is no fleet \"other\"",
            hint: "import one with `fleetscore fleets import other DIR`"
        ),
        Case(
            path: "/v1/pipelines/plan",
            status: 404,
            code: "notFound",
            message: "there is no pipeline \"plan\"",
            hint: "did you mean \"plant\"?"
        ),
        Case(
            method: .post,
            path: "/v1/runs",
            type: "application/json",
            body: #"{"pipeline":"plant","interval":"today"}"#,
            status: 400,
            code: "invalidArgument",
            message: "cannot read the interval \"today\"",
            hint: "write START/END, such as 2026-01-01T00:00:00Z/2026-01-02T00:00:00Z"
        ),
        Case(
            method: .post,
            path: "/v1/runs",
            type: "application/json",
            body: """
                {"pipeline":"plant","interval":"2026-01-02T00:00:00Z/2026-01-02T00:00:00Z"}
                """,
            status: 400,
            code: "invalidArgument",
            message: "the interval 2026-01-02T00:00:00Z/2026-01-02T00:00:00Z is empty: its end "
                + "must be later"
        ),
        Case(
            path: "/v1/nothing",
            status: 404,
            code: "notFound",
            message: "there is nothing at GET /v1/nothing"
        ),
        Case(path: "/v1/runs/r0", status: 404, code: "notFound", message: "there is no run \"r0\""),
        Case(
            path: "/v1/runs?limit=0",
            status: 400,
            code: "invalidArgument",
            message: "limit=0 is not a number in 1...1000"
        ),
        Case(
            path: "/v1/windows",
            status: 400,
            code: "invalidArgument",
            message: "no key is given",
            hint: "add ?key=device/sensor"
        ),
        Case(
            path: "/v1/events?from=now",
            status: 400,
            code: "invalidArgument",
            message: "from=now is not a time",
            hint: "write RFC 3339, such as 2026-01-01T00:00:00Z"
        ),
        Case(
            path: "/v1/events?format=xls",
            status: 400,
            code: "invalidArgument",
            message: "cannot export as \"xls\"",
            hint: "use csv or parquet"
        ),
        Case(
            method: .post,
            path: "/v1/events?time_unit=fortnight",
            type: "text/csv",
            body: "time,device,sensor,value\n1,d,s,1\n",
            status: 400,
            code: "invalidArgument",
            message: "there is no time unit \"fortnight\"",
            hint: "use s, ms, us or ns"
        ),
        Case(
            method: .post,
            path: "/v1/fleets/Plant/versions",
            body: "x",
            status: 400,
            code: "invalidArgument",
            message: "the name \"Plant\" is not allowed",
            hint: "use 1 to 63 of a-z, 0-9, - and _"
        ),
    ]

    @Test("an error is one JSON object with code, message and hint", arguments: cases)
    private func golden(_ expected: Case) async throws {
        let fixture = try await APIFixture()
        try await fixture.services.publishFleet([TestModels.entry("a/s")])
        try await fixture.services.publishPipeline()
        try await fixture.withClient { client in
            let answer = try await client.call(
                expected.method,
                expected.path,
                type: expected.type,
                body: expected.body
            )
            #expect(answer.status == expected.status)
            #expect(answer.type == "application/json")
            #expect(answer.text == expected.golden)
            #expect(answer.headers[.retryAfter] == nil)
        }
    }

    @Test(
        "a body that is none is refused as the sender's mistake, in one line",
        arguments: ["", "[1,", "{\"device\"", "\u{0}"]
    )
    func badBody(_ body: String) async throws {
        let fixture = try await APIFixture()
        try await fixture.withClient { client in
            for path in ["/v1/events", "/v1/runs"] {
                let answer = try await client.call(
                    .post,
                    path,
                    type: "application/json",
                    body: body
                )
                #expect(answer.status == 400, "\(path): \(answer.text)")
                let error: ErrorAnswer = try answer.decoded()
                #expect(error.error.code == "invalidArgument")
                #expect(!error.error.message.contains("\n"))
            }
        }
        #expect(await fixture.services.log.endOffsets() == [0, 0, 0, 0])
    }

    @Test("a body above the limit is 413, and an error comes back as the error it was")
    func tooLarge() async throws {
        let fixture = try await APIFixture()
        try await fixture.withClient { client in
            let body = String(repeating: " ", count: (1 << 20) + 1)
            let answer = try await client.call(.post, "/v1/runs", body: body)
            #expect(answer.status == 413)
            let error = try answer.decoded(ErrorAnswer.self).asError
            #expect(error.code == .resourceExhausted)
            #expect(error.message.contains("send smaller batches"))
        }
    }

    @Test("what may succeed later says when to come back")
    func retryAfter() async throws {
        let fixture = try await APIFixture()
        await fixture.services.log.close()
        try await fixture.withClient { client in
            let answer = try await client.call(
                .post,
                "/v1/events",
                type: "text/csv",
                body: "time,device,sensor,value\n1772323200,d,s,1\n"
            )
            #expect(answer.status == 503 && answer.headers[.retryAfter] == "1")
        }
    }

    @Test("without the token everything but the health checks is 401")
    func token() async throws {
        let fixture = try await APIFixture()
        try await fixture.settle()
        try await fixture.withClient(token: "secret") { client in
            #expect(try await client.get("/health").status == 200)
            #expect(try await client.get("/ready").status == 200)
            for path in ["/v1/status", "/metrics", "/", "/v1/runs", "/healthy"] {
                let answer = try await client.get(path)
                #expect(answer.status == 401, "\(path)")
            }
            let refused = try await client.get("/v1/status")
            #expect(
                refused.text == #"{"error":{"code":"invalidArgument","hint":"send Authorization: "#
                    + #"Bearer TOKEN","message":"the request carries no valid token"}}"#
            )
            for given in ["Bearer secre", "Bearer secrets", "secret", "Bearer ", "Token secret"] {
                let answer = try await client.call(
                    .get,
                    "/v1/status",
                    headers: [(.authorization, given)]
                )
                #expect(answer.status == 401, "\(given)")
            }
            #expect(refused.headers[.wwwAuthenticate] == "Bearer")
            for given in ["Bearer secret", "bearer secret"] {
                let answer = try await client.call(
                    .get,
                    "/v1/status",
                    headers: [(.authorization, given)]
                )
                #expect(answer.status == 200, "\(given)")
            }
        }
    }
}
