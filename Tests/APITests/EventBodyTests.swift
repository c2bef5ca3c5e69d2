import Client
import Core
import Dispatch
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import ServiceLifecycle
import TestKit
import Testing

@testable import API

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

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

    @Test("a sender that stalls is cut off", .timeLimit(.minutes(1)))
    func stalled() async throws {
        let fixture = try await APIFixture()
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let server = try APIServer(
            backend: fixture.services.makeBackend(driver: fixture.driver),
            listen: "127.0.0.1:0",
            token: nil,
            logger: fixture.services.logger,
            idleTimeout: .milliseconds(300)
        ) { address in
            port.yield(Int(address.split(separator: ":").last ?? "") ?? 0)
        }
        let group = ServiceGroup(
            configuration: .init(services: [server], logger: fixture.services.logger)
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var iterator = ports.makeAsyncIterator()
            let number = try #require(await iterator.next())
            let request = "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"
            let answer = await Self.bytesUntilClosed(port: number, sending: request)
            #expect(answer == 0)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// Sends a text and answers how many bytes came until the other side closed; -1 when it failed.
    @concurrent
    private static func bytesUntilClosed(port: Int, sending text: String) async -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0, write(descriptor, text, text.utf8.count) == text.utf8.count else {
            return -1
        }
        var buffer = [UInt8](repeating: 0, count: 4096)
        var total = 0
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return total }
            total += count
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
