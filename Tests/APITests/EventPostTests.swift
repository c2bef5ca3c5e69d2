import Core
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Service
import TestKit
import Testing

@testable import API

/// Short posts are answered on their event loop, others by the router: nobody should see which.
@Suite("Posts of events on the event loop")
struct EventPostTests {
    struct Post: Sendable, CustomTestStringConvertible {
        let path: String
        var type: String?
        let body: String
        var headers: [(HTTPField.Name, String)] = []

        var testDescription: String { "\(path) \(type ?? "-") \(body.prefix(24))" }
    }

    private static let csv = "time,device,sensor,value\n1772323200,d,s,1\n1772323201,d,s,2\n"
    private static let line = "m,host=d a=1 1772323200000000000\n"

    static let posts: [Post] = [
        Post(path: "/v1/events", type: "text/csv", body: csv),
        Post(path: "/v1/events", body: csv),
        Post(path: "/v1/events?time_unit=ms", type: "text/csv", body: csv),
        Post(path: "/v1/events?time_unit=week", type: "text/csv", body: csv),
        Post(path: "/v1/events?device=a%20b", body: "time,t,u\n1772323200,1,x\n"),
        Post(path: "/v1/events", type: "text/html", body: csv),
        Post(path: "/v1/events", type: "text/csv", body: ""),
        Post(path: "/v1/events", type: "application/json", body: "{"),
        Post(path: "/v1/events", type: "application/x-ndjson", body: "{}\n[]\n"),
        Post(path: "/v1/events", body: csv, headers: [(.key, "a")]),
        Post(path: "/v1/events", body: csv, headers: [(.key, "")]),
        Post(path: "/v1/events", body: csv, headers: [(.key, String(repeating: "k", count: 257))]),
        Post(path: "/v1/events/", body: csv),
        Post(path: "/v1/event", body: csv),
        Post(path: "/v1/events", body: csv, headers: [(.contentEncoding, "br")]),
        Post(path: "/v1/events", body: csv, headers: [(.contentEncoding, "gzip")]),
        Post(path: "/v1/events", body: csv, headers: [(.authorization, "Bearer wrong")]),
        Post(path: "/write?db=x", body: line),
        Post(path: "/write?db=x&precision=week", body: line),
        Post(path: "/write", body: "m,host=d a=1\nm,host=d\n"),
        Post(path: "/write", body: " \n"),
        Post(path: "/api/v2/write?precision=s", body: "m,host=d a=1 1772323200\n"),
        Post(path: "/api/v2/write", body: "nothing\n"),
        Post(path: "/api/v2/write", body: line, headers: [(.authorization, "Token secret")]),
        Post(path: "/api/v2/write", body: line, headers: [(.authorization, "Token wrong")]),
    ]

    @Test("the answer is the router's", arguments: posts, [nil, "secret"])
    func same(_ post: Post, _ token: String?) async throws {
        var answers: [Answer] = []
        for way in APIFixture.Way.allCases {
            let (stream, answer) = AsyncStream.makeStream(of: Answer.self)
            try await APIFixture().withClient(token: token, by: way) { client in
                var headers = post.headers
                if let token, !headers.contains(where: { $0.0 == .authorization }) {
                    headers.append((.authorization, "Bearer \(token)"))
                }
                answer.yield(
                    try await client.call(
                        .post,
                        post.path,
                        type: post.type,
                        body: post.body,
                        headers: headers
                    )
                )
            }
            answer.finish()
            for await each in stream { answers.append(each) }
        }
        let (router, socket) = (try #require(answers.first), try #require(answers.last))
        #expect(socket.status == router.status)
        #expect(socket.text == router.text)
        var (given, expected) = (socket.headers, router.headers)
        // What a socket adds, and takes away from answers without a body.
        for name in [HTTPField.Name.date, .server, .contentLength] {
            (given[name], expected[name]) = (nil, nil)
        }
        #expect(given == expected)
    }

    private static func request(_ path: String, _ body: String, _ more: String = "") -> String {
        "POST \(path) HTTP/1.1\r\nHost: x\r\n\(more)"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    /// What a server says to bytes that come at once, before nothing more does.
    private static func answers(to text: String, _ fixture: APIFixture) async throws -> [String] {
        var all = ""
        try await fixture.withServer { port in
            let connection = try RawConnection(port: port)
            try connection.send(text)
            connection.finish()
            all = await connection.textUntilClosed()
        }
        return all.components(separatedBy: "HTTP/1.1 ").dropFirst().map { String($0) }
    }

    @Test("answers keep the order of requests, whoever gives them", .timeLimit(.minutes(1)))
    func pipelined() async throws {
        let get = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
        let late = "time,device,sensor,value\n1772323202,d,s,3\n"
        let text =
            Self.request("/v1/events", Self.csv) + Self.request("/write", Self.line) + get
            + Self.request("/v1/events", late) + get + Self.request("/nowhere", "x")
            + Self.request("/v1/events", "time,device,sensor,value\n1772323203,d,s,4\n")
        let fixture = try await APIFixture()
        let answers = try await Self.answers(to: text, fixture)
        #expect(answers.map { $0.prefix(3) } == ["200", "204", "200", "200", "200", "404", "200"])
        #expect(answers.first?.contains(#""accepted":2"#) == true)
        #expect(answers.dropFirst(2).first?.contains("accepted") == false)
        let events = try await fixture.services.makeBackend(driver: fixture.driver)
            .rawEvents(from: .distantPast, to: .distantFuture, device: "d", limit: 100)
        #expect(events.values.sorted() == [1, 1, 2, 3, 4])
    }

    @Test("it is all one in which pieces requests come", .timeLimit(.minutes(1)))
    func pieces() async throws {
        let row = "time,device,sensor,value\n17723232"
        let requests = [
            Self.request("/v1/events", row + "10,d,s,1\n"),
            Self.request("/v1/events", row + "11,d,s,1\n1772323212,d,s,1\n"),
            "GET /health HTTP/1.1\r\nHost: x\r\n\r\n",
            Self.request("/v1/events", row + "13,d,s,1\n", "Idempotency-Key: a\r\n"),
            Self.request("/v1/events", row + "13,d,s,1\n", "Idempotency-Key: a\r\n"),
            "POST /v1/events HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "29\r\n\(row)14,d,s,1\r\n0\r\n\r\n",
            Self.request("/v1/events", row + "15,d,s,1\n"),
        ]
        for size in [1, 7, 50, 4000] {
            let fixture = try await APIFixture()
            var text = ""
            try await fixture.withServer { port in
                let connection = try RawConnection(port: port)
                var rest = requests.joined()[...]
                while !rest.isEmpty {
                    try connection.send(String(rest.prefix(size)))
                    rest = rest.dropFirst(size)
                }
                connection.finish()
                text = await connection.textUntilClosed()
            }
            let answers = text.components(separatedBy: "HTTP/1.1 ").dropFirst()
            #expect(answers.map { $0.prefix(3) } == Array(repeating: "200", count: 7), "\(size)")
            #expect(answers.filter { $0.contains(#""duplicate":true"#) }.count == 1)
            let events = try await fixture.services.makeBackend(driver: fixture.driver)
                .rawEvents(from: .distantPast, to: .distantFuture, device: "d", limit: 100)
            #expect(events.times.count == 6, "in pieces of \(size)")
        }
    }

    @Test("a connection that posts stays open, another is closed", .timeLimit(.minutes(2)))
    func idle() async throws {
        let fixture = try await APIFixture()
        var text = ""
        // Long beside what a busy machine may keep a test waiting.
        try await fixture.withServer(idleTimeout: .seconds(10)) { port in
            let connection = try RawConnection(port: port)
            let request = Self.request("/write", Self.line)
            try await connection.send(request, count: 6, pause: .milliseconds(2_200))
            // More of this head is waited for, but not for ever.
            try connection.send("POST /v1/ev")
            text = await connection.textUntilClosed()
        }
        #expect(text.components(separatedBy: "HTTP/1.1 204").count == 7)
    }

    @Test("a server that stops answers the post that is on its way", .timeLimit(.minutes(1)))
    func stopping() async throws {
        let fixture = try await APIFixture()
        let request = Self.request("/write", Self.line)
        var answer: Task<String, any Error>?
        try await fixture.withServer { port in
            let connection = try RawConnection(port: port)
            try connection.send(String(request.dropLast(5)))
            // The server has this before it is told to stop, and the rest after that.
            try await Task.sleep(for: .milliseconds(300))
            answer = Task {
                try await Task.sleep(for: .milliseconds(700))
                try connection.send(String(request.suffix(5)))
                return await connection.textUntilClosed()
            }
        }
        #expect(try await answer?.value.hasPrefix("HTTP/1.1 204") == true)
    }

    @Test("the bytes of an answer are those that the router's become")
    func bytes() {
        func text(_ answer: WholeAnswer) -> String {
            String(buffer: answer.bytes(date: "now", ByteBufferAllocator()))
        }
        let answer = WholeAnswer(Array("{}".utf8), type: "application/json")
        #expect(
            text(answer)
                == "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
                + "Date: now\r\nServer: fleetscore\r\n\r\n{}"
        )
        #expect(
            text(WholeAnswer(status: .noContent))
                == "HTTP/1.1 204 No Content\r\nDate: now\r\nServer: fleetscore\r\n\r\n"
        )
    }

    @Test("what is no request ends a connection after the answers before", .timeLimit(.minutes(1)))
    func malformed() async throws {
        let text = Self.request("/v1/events", Self.csv) + "GARBAGE\r\n\r\n"
        let answers = try await Self.answers(to: text, APIFixture())
        #expect(answers.map { $0.prefix(3) } == ["200", "400"])
        let cut = "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"
        #expect(try await Self.answers(to: cut, APIFixture()).map { $0.prefix(3) } == ["400"])
    }

    @Test("chunks that are none are the sender's mistake", .timeLimit(.minutes(1)))
    func malformedChunks() async throws {
        let text =
            "POST /v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
        let answers = try await Self.answers(to: text, APIFixture())
        #expect(answers.first?.prefix(3) == "400")
    }

    @Test("parameters are read as forms are written; a table must name its devices")
    func parameters() async throws {
        let fixture = try await APIFixture()
        try await fixture.withClient { client in
            let table = "time,t\n2026-03-01T00:00:00,1\n"
            for device in ["pump+1", "pump%201", "a%2Bb"] {
                let path = "/v1/events?time_zone=Europe%2FBerlin&device=\(device)"
                let answer = try await client.call(.post, path, type: "text/csv", body: table)
                #expect(answer.status == 200, "\(answer)")
            }
            let events = try await client.get("/v1/events?from=2026-03-01T01:00:00+02:00")
            #expect(events.text.contains(",pump 1,t,1") && events.text.contains(",a+b,t,1"))
            let unnamed = try await client.call(.post, "/v1/events", type: "text/csv", body: table)
            #expect(unnamed.status == 400 && unnamed.text.contains("no device column"))
        }
    }

    @Test("what is too much for one request is 413, and Telegraf is told to come back")
    func statuses() {
        let large = FleetError(.resourceExhausted, "too many events", isRetriable: false)
        let busy = FleetError(.resourceExhausted, "too many wait")
        let slow = HTTPError(.requestTimeout, message: "too slow")
        #expect(WholeAnswer(large).status.code == 413)
        #expect(WholeAnswer(busy).status.code == 429)
        for (dialect, codes) in [(InfluxDialect.v1, [413, 503, 503]), (.v2, [413, 429, 503])] {
            let answers = [large as any Error, busy, slow].map { dialect.answer(any: $0) }
            #expect(answers.map(\.status.code) == codes)
            #expect(answers.map { $0.headers[.retryAfter] } == [nil, "1", "1"])
        }
    }

    @Test("who asks whether to go on is told so", .timeLimit(.minutes(1)))
    func expectsContinue() async throws {
        let text = Self.request("/v1/events", Self.csv, "Expect: 100-continue\r\n")
        let answers = try await Self.answers(to: text, APIFixture())
        #expect(answers.map { $0.prefix(3) } == ["100", "200"])
        let large =
            "POST /v1/events HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
            + "Content-Length: 999999999\r\n\r\n"
        let refused = try await Self.answers(to: large, APIFixture())
        #expect(refused.first?.prefix(3) == "413")
    }
}

extension HTTPField.Name {
    fileprivate static let key = HTTPField.Name("Idempotency-Key") ?? .accept
}
