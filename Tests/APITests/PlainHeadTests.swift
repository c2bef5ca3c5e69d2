import NIOCore
import Testing

@testable import API

@Suite("Heads that are read without a parser")
struct PlainHeadTests {
    private static func read(_ text: String) -> PlainHead.Reading {
        ByteBuffer(string: text).withUnsafeReadableBytes { PlainHead.read($0) }
    }

    private static func head(_ text: String) -> PlainHead? {
        if case .head(let head) = read(text) { head } else { nil }
    }

    @Test("a post says what it posts, and where it ends")
    func post() throws {
        let text =
            "POST /v1/events?x=1 HTTP/1.1\r\nHost: x:1\r\ncontent-LENGTH:  12 \r\n"
            + "Content-Type: text/csv\r\nAuthorization: Bearer a b\r\nIdempotency-Key: k\r\n"
            + "Connection: Keep-Alive\r\nX-Empty:\r\n\r\n"
        let head = try #require(Self.head(text + "body that "))
        #expect(head.isPost && head.byteCount == text.utf8.count && head.bodyByteCount == 12)
        #expect(head.path == "/v1/events?x=1" && head.contentType == "text/csv")
        #expect(head.authorization == "Bearer a b" && head.idempotencyKey == "k")
    }

    static let others = [
        "GET / HTTP/1.1\r\n\r\n", "POST / HTTP/1.1\r\nContent-Encoding: gzip\r\n\r\n",
        "POST / HTTP/1.1\r\nExpect: 100-continue\r\n\r\n",
        "POST / HTTP/1.1\r\nConnection: close\r\n\r\n",
        "POST / HTTP/1.1\r\nIdempotency-Key:\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Type: a\r\nContent-Type: b\r\n\r\n",
        "DELETE /v1/fleets/a HTTP/1.1\r\nContent-Length: 3\r\n\r\n",
    ]

    @Test("what is not answered at once can be followed to its end", arguments: others)
    func followed(_ text: String) throws {
        let head = try #require(Self.head(text))
        #expect(!head.isPost && head.byteCount == text.utf8.count)
    }

    static let unusual = [
        "POST / HTTP/1.0\r\n\r\n", "POST / HTTP/1.1\n\n", "POST  / HTTP/1.1\r\n\r\n",
        "POST x HTTP/1.1\r\n\r\n", "post / HTTP/1.1\r\n\r\n", "CONNECT / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\n folded\r\n\r\n", "POST / HTTP/1.1\r\nName : x\r\n\r\n",
        "POST / HTTP/1.1\r\nnothing\r\n\r\n", "POST / HTTP/1.1\r\n: x\r\n\r\n",
        "POST / HTTP/1.1\r\nA: \u{7F}\r\n\r\n", "POST / HTTP/1.1\r\nA: ü\r\n\r\n",
        "POST / HTTP/1.1\r\nA: b\rc\r\n\r\n", "POST / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length:\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 9999999999999999999\r\n\r\n",
        "POST / HTTP/1.1\r\nA: " + String(repeating: "a", count: 20_000), "GET / HT", "\r\n",
    ]

    @Test("what is rare, or could be read in two ways, is for the parser", arguments: unusual)
    func strange(_ text: String) {
        guard case .unusual = Self.read(text) else {
            Issue.record("\(text.debugDescription) is nothing to guess at")
            return
        }
    }

    @Test("a post of which more must come is waited for")
    func incomplete() {
        let text = "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"
        for count in "POST /".utf8.count..<text.utf8.count {
            let start = String(decoding: text.utf8.prefix(count), as: UTF8.self)
            guard case .incomplete = Self.read(start) else {
                Issue.record("\(count) bytes are not all")
                return
            }
        }
    }

    private static func known(_ text: String) throws -> KnownPost? {
        let head = try #require(Self.head(text))
        return ByteBuffer(string: text).withUnsafeReadableBytes { KnownPost(head, in: $0, nil) }
    }

    @Test("the same words about another body are known")
    func sizes() throws {
        func text(_ length: String, _ more: String = "") -> String {
            "POST /v1/events HTTP/1.1\r\nContent-Length: \(length)\r\nHost: x\r\n\(more)\r\n"
        }
        let known = try #require(try Self.known(text("5")))
        func sizes(_ text: String) -> [Int]? {
            ByteBuffer(string: text).withUnsafeReadableBytes {
                known.sizes(of: $0).map { [$0.head, $0.body] }
            }
        }
        #expect(sizes(text("123") + "more") == [text("123").utf8.count, 123])
        for other in ["", "-1", "1x", "1 2", "9999999999999999"] {
            #expect(sizes(text(other)) == nil, "\(other)")
        }
        #expect(sizes(text("5", "A: b\r\n")) == nil)
        #expect(sizes(String(text("5").dropLast(1))) == nil)
        let keyed = try #require(try Self.known(text("5", "Idempotency-Key: a\r\n")))
        let again = ByteBuffer(string: text("5", "Idempotency-Key: a\r\n"))
        #expect(again.withUnsafeReadableBytes { keyed.sizes(of: $0) } == nil)
    }
}
