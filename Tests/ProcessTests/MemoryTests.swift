import Client
import Core
import FoundationEssentials
import Testing

extension ProcessTests {
    @Suite(
        "The memory of a server with many series",
        .enabled(if: Binary.isThere, "needs the built fleetscore")
    )
    struct MemoryTests {
        /// Posts one event of each series, in line protocol.
        private static func post(
            _ series: Range<Int>,
            second: Int,
            to server: RunningServer
        ) async throws -> EventsAnswer {
            var body = ""
            body.reserveCapacity(series.count * 48)
            for index in series {
                body += "s,device=d-\(index / 10),sensor=s-\(index % 10) value=\(index & 1023)"
                body += " \(1_767_225_600 + second)000000000\n"
            }
            return try await server.client.post(
                "/v1/events",
                body: .init(
                    Array(body.utf8),
                    contentType: "application/vnd.influx.line-protocol"
                )
            )
        }

        private static let sliceCount = 50_000

        /// Posts one event of each of so many series, and waits until they are in their windows.
        private static func post(
            seriesCount: Int,
            second: Int,
            to server: RunningServer
        ) async throws -> (accepted: Int, rejected: [String: Int]) {
            var accepted = 0
            var rejected: [String: Int] = [:]
            for start in stride(from: 0, to: seriesCount, by: sliceCount) {
                let slice = start..<min(start + sliceCount, seriesCount)
                let answer = try await post(slice, second: second, to: server)
                accepted += answer.accepted
                rejected.merge(answer.rejectedByReason ?? [:]) { $0 + $1 }
            }
            try await eventually("the windows to catch up") {
                let status: StatusInfo = try await server.client.get("/v1/status")
                return status.lag == 0
            }
            return (accepted, rejected)
        }

        @Test(
            "a million new series from one sender meet their limit, not the memory",
            .timeLimit(.minutes(3))
        )
        func tooManySeries() async throws {
            let folder = try TemporaryFolder()
            let limit = 20_000
            try folder.write("server.yaml", "series_max: \(limit)\n")
            let server = try await RunningServer.start(
                data: folder.at("data"),
                config: "server.yaml",
                in: folder
            )
            let known = try await Self.post(seriesCount: limit, second: 0, to: server)
            #expect(known.accepted == limit && known.rejected.isEmpty)
            // Once before memory is looked at: what a large body and its answer need stays.
            let first = try await Self.post(seriesCount: 100_000, second: 1, to: server)
            #expect(first.accepted == limit && first.rejected == ["over_limit": 80_000])
            let before = try server.child.memory("VmRSS")
            let sent = try await Self.post(seriesCount: 1_000_000, second: 2, to: server)
            let after = try server.child.memory("VmHWM")
            #expect(sent.accepted == limit && sent.rejected == ["over_limit": 980_000])
            #expect(after - before < 128 << 20, "\(before >> 20) MiB, then \(after >> 20) MiB")
            // Series that were there before the flood are still taken.
            let later = try await Self.post(seriesCount: limit, second: 3, to: server)
            #expect(later.accepted == limit)
            try await server.expectCleanEnd()
            print("\(before >> 20) MiB before a million series too many, at most \(after >> 20)")
        }

        @Test(
            "an open window of eight aggregates takes at most 250 bytes a series and definition",
            .timeLimit(.minutes(3))
        )
        func openWindows() async throws {
            let seriesCount = 250_000
            let fewer = try await Self.memory(definitionCount: 1, seriesCount: seriesCount)
            let more = try await Self.memory(definitionCount: 4, seriesCount: seriesCount)
            let bytes = (more - fewer) / (3 * seriesCount)
            #expect(bytes <= 250 && bytes > 60, "\(bytes) bytes: \(fewer) and \(more) in all")
            print("\(bytes) bytes an open window and series")
        }

        /// What a server needs for so many series with an open window of each definition.
        private static func memory(definitionCount: Int, seriesCount: Int) async throws -> Int {
            let folder = try TemporaryFolder()
            let definitions = (1...definitionCount).map { "  - {name: w\($0), size: \($0)h}\n" }
            // Memory comes in huge pages: of fewer partitions less is rounded up.
            let text = "partitions: 1\nwindows:\n" + definitions.joined()
            try folder.write("server.yaml", text)
            let server = try await RunningServer.start(
                data: folder.at("data"),
                config: "server.yaml",
                in: folder
            )
            for second in 0..<2 {
                let sent = try await post(seriesCount: seriesCount, second: second, to: server)
                #expect(sent.accepted == seriesCount)
            }
            let bytes = try server.child.memory("RssAnon")
            try await server.expectCleanEnd()
            return bytes
        }
    }
}
