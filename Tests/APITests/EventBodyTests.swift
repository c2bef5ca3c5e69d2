import Client
import Core
import Dispatch
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import TestKit
import Testing

@testable import API

@Suite("Bodies of events")
struct EventBodyTests {
    private static let csv = "time,device,sensor,value\n1772323200,d,s,1\n1772323201,d,s,2\n"

    /// The table above, compressed by other programs.
    private static let compressed: [(encoding: String, base64: String)] = [
        (
            "gzip",
            "H4sIAAAAAAACAyvJzE3VSUkty0xO1SlOzSvOL9IpS8wpTeUyNDc3MgZCAwOd"
                + "FJ1iHUOEgCFYwIgLACQZ5no7AAAA"
        ), ("deflate", "eJwrycxN1UlJLctMTtUpTs0rzi/SKUvMKU3lMjQ3NzIGQgMDnRSdYh1DhIAhWMCICwA5whCJ"),
        (
            "zstd",
            "KLUv/QRY2QEAdGltZSxkZXZpY2Usc2Vuc29yLHZhbHVlCjE3NzIzMjMyMDAs"
                + "ZCxzLDEKMTc3MjMyMzIwMSxkLHMsMgrwXGNq"
        ),
    ]

    /// 64 MiB of zeros, compressed twice.
    private static let bomb =
        "H4sIAAAAAAACA+3cr05CcRTA8YtcNyYbYiAZ5BGIFAYazAbNjgcgkmVzJgsvQWZjc7PSeA"
        + "O02f0TnDM5L9z7GL/z+aSTTzw7+549NrLSQf1jXavth9n8f/nVOMoAAACAxM1e7+vlMSDr"
        + "FtvLqxsAAAAgdePjVl4dBf5uT8+tAwAAAJL3MOi3qw+B77tJbh0AAACQvM7v26i6BWyKp5"
        + "Nr+wAAAIDkvQgGAAAAQCiCAQAAABCLYAAAAADEIhgAAAAAwQgGAAAAQCyCAQAAABCLYAAA"
        + "AADEIhgAAAAAwQgGAAAAQCyCAQAAABDLYtDvlo8B7Z9iOrw4zAAAAIjkufnZe1/th3wHPE"
        + "zs+uL+AAA="

    private static func send(
        _ client: any TestClientProtocol,
        _ bytes: [UInt8],
        encoding: String
    ) async throws -> Answer {
        try await client.execute(
            uri: "/v1/events",
            method: .post,
            headers: [.contentType: "text/csv", .contentEncoding: encoding],
            body: ByteBuffer(bytes: bytes)
        ) {
            Answer(
                status: $0.status.code,
                text: String(buffer: $0.body),
                headers: $0.headers
            )
        }
    }

    @Test("compressed bodies are taken", arguments: compressed)
    func taken(_ body: (encoding: String, base64: String)) async throws {
        let bytes = [UInt8](try #require(Data(base64Encoded: body.base64)))
        let fixture = try await APIFixture()
        try await fixture.withClient { client in
            let answer = try await Self.send(client, bytes, encoding: body.encoding)
            #expect(answer.status == 200 && answer.text.hasPrefix(#"{"accepted":2,"#), "\(answer)")
            let damaged = try await Self.send(
                client,
                Array(bytes.dropLast(6)),
                encoding: body.encoding
            )
            #expect(damaged.status == 400, "\(damaged)")
        }
    }

    @Test("an unknown encoding is refused; identity says nothing")
    func unknown() async throws {
        let fixture = try await APIFixture()
        try await fixture.withClient { client in
            let bytes = Array(Self.csv.utf8)
            let brotli = try await Self.send(client, bytes, encoding: "br")
            #expect(brotli.status == 422 && brotli.text.contains("gzip, deflate, zstd"))
            #expect(try await Self.send(client, bytes, encoding: "identity").status == 200)
        }
    }

    @Test("a body that becomes too large is 413, whatever it was before")
    func bomb() async throws {
        let bomb = [UInt8](try #require(Data(base64Encoded: Self.bomb)))
        let fixture = try await APIFixture()
        try await fixture.withClient { client in
            let answer = try await Self.send(client, bomb, encoding: "gzip, gzip")
            #expect(answer.status == 413 && answer.text.contains("decompressed"), "\(answer)")
        }
    }

    @Test("a short body is used where it came in, what takes long on the pool")
    func executors() async throws {
        let fixture = try await APIFixture()
        let bodies = EventBody(backend: fixture.services.makeBackend(driver: fixture.driver))
        let loop = QueueExecutor()
        let short = [UInt8](repeating: 0x20, count: EventBody.shortByteCount)
        let zipped = [UInt8](try #require(Data(base64Encoded: Self.compressed[0].base64)))
        for (bytes, encoding, stays) in [
            (short, "identity", true), (short + [0x20], "identity", false), (zipped, "gzip", false),
        ] {
            let request = Request(
                head: .init(
                    method: .post,
                    scheme: nil,
                    authority: nil,
                    path: "/v1/events",
                    headerFields: [.contentEncoding: encoding]
                ),
                body: RequestBody(buffer: ByteBuffer(bytes: bytes))
            )
            let isThere = try await withTaskExecutorPreference(loop) {
                try await bodies.read(request) { _ in
                    withUnsafeCurrentTask {
                        $0?.unownedTaskExecutor == loop.asUnownedTaskExecutor()
                    }
                }
            }
            #expect(isThere == stays, "\(bytes.count) bytes, \(encoding)")
        }
    }

    @Test("many small compressed bodies at once are taken", .timeLimit(.minutes(1)))
    func manyCompressed() async throws {
        let fixture = try await APIFixture()
        let bodies = EventBody(backend: fixture.services.makeBackend(driver: fixture.driver))
        let bytes = [UInt8](try #require(Data(base64Encoded: Self.compressed[0].base64)))
        let count = 64
        let (arrivals, arrival) = AsyncStream.makeStream(of: Void.self)
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for _ in 0..<count {
                tasks.addTask {
                    let head = HTTPRequest(
                        method: .post,
                        scheme: nil,
                        authority: nil,
                        path: "/v1/events",
                        headerFields: [.contentEncoding: "gzip"]
                    )
                    let body = RequestBody(buffer: ByteBuffer(bytes: bytes))
                    try await bodies.read(Request(head: head, body: body)) { text in
                        #expect(text == Array(Self.csv.utf8))
                        arrival.yield()
                        for await _ in gate {}
                    }
                }
            }
            // All are held before the first is given back.
            var iterator = arrivals.makeAsyncIterator()
            for _ in 0..<count { _ = await iterator.next() }
            open.finish()
            try await tasks.waitForAll()
        }
    }

    @Test("a sender that stalls is cut off", .timeLimit(.minutes(1)))
    func stalled() async throws {
        let fixture = try await APIFixture()
        try await fixture.withServer(idleTimeout: .milliseconds(300)) { port in
            let connection = try RawConnection(port: port)
            let request = "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"
            try connection.send(request)
            #expect(await connection.textUntilClosed() == "")
        }
    }
}

/// Stands for an event loop.
private final class QueueExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "loop")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
