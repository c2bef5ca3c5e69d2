import Client
import Core
import Store
import HTTPTypes
import TestKit
import Testing

@testable import API
@testable import Service

@Suite("A process without partitions of a shared log")
struct UnassignedTests {
    /// A server that follows what others have committed and reads nothing itself.
    private func fixture() async throws -> APIFixture {
        let fixture = try await APIFixture(isRestored: false)
        try await fixture.services.send([("d/s", 0, 1), ("d/s", 1, 1), ("d/s", 2, 1)])
        fixture.services.board.follow([], definitions: fixture.services.settings.windows)
        return fixture
    }

    @Test("its lag is what no process has committed")
    func lag() async throws {
        let fixture = try await fixture()
        try await fixture.withClient { client in
            let status: StatusInfo = try await client.get("/v1/status").decoded()
            #expect(status.lag == 3 && status.partitions.isEmpty)
            #expect(try await client.get("/metrics").text.contains("lag_events 3\n"))
        }
    }

    @Test("one that should have some says so; one that makes no windows is ready")
    func problem() async throws {
        let fixture = try await fixture()
        var backend = fixture.services.makeBackend(driver: fixture.driver)
        #expect(await backend.problem() == nil)
        backend.aggregator = fixture.aggregator
        #expect(await backend.problem() == "no partitions are assigned to this process")
        #expect(await backend.status().problem == "no partitions are assigned to this process")
        try await fixture.withClient { client in
            let ready = try await client.get("/ready")
            #expect(ready.status == 200, "\(ready.text)")
        }
    }

    @Test("it does not say that windows are complete, but what it did")
    func complete() async throws {
        let fixture = try await fixture()
        try await fixture.withClient { client in
            let answer = try await client.call(.post, "/v1/events/complete")
            #expect(answer.status == 202)
            #expect(answer.text.contains("\"completed\":false"), "\(answer.text)")
            #expect(answer.text.contains("no partitions are assigned"), "\(answer.text)")
            try await fixture.settle()
            let done = try await client.call(.post, "/v1/events/complete")
            #expect(done.status == 200 && done.text == #"{"completed":true}"#)
        }
    }
}
