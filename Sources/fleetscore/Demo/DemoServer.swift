import Client
import Core
import Logging
import Pipelines

/// A server inside this process, on a free loopback port, in a folder of its own.
struct DemoServer {
    let address: String
    let client: FleetscoreClient

    /// Runs with a server that has these windows; stops it cleanly afterwards.
    static func run<Result: Sendable>(
        folder: String,
        windows: [WindowSetting],
        logLevel: String,
        _ body: @escaping @Sendable (DemoServer) async throws -> Result
    ) async throws -> Result {
        var document = try ServerDocument.parse(yaml: ServerDocument.starter, file: "demo")
        document.settings.dataDirectory = folder
        document.settings.listen = "127.0.0.1:0"
        document.settings.captures = false
        document.windows = windows
        let (addresses, ready) = AsyncStream<String>.makeStream(
            bufferingPolicy: .bufferingOldest(1)
        )
        let process = ServerProcess(document, logger: LogOutput.logger(level: logLevel)) {
            ready.yield($0)
        }
        let (stop, stopper) = AsyncStream<Never>.makeStream()
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                defer { ready.finish() }
                try await process.run(signals: [], stop: stop)
                return nil
            }
            group.addTask {
                for await address in addresses {
                    let client = try FleetscoreClient(server: "http://\(address)")
                    return try await body(DemoServer(address: address, client: client))
                }
                return nil
            }
            var result: Result?
            while let ended = try await group.next() {
                guard let ended else { continue }
                result = ended
                stopper.finish()
            }
            guard let result else {
                throw FleetError(.internal, "the embedded server ended before the demo did")
            }
            return result
        }
    }

    /// Waits until a condition holds, looking ten times a second.
    func wait(
        for what: String,
        atMost limit: Duration,
        _ condition: () async throws -> Bool
    ) async throws {
        let clock = ContinuousClock()
        let deadline = clock.now + limit
        while try await !condition() {
            guard clock.now < deadline else {
                throw FleetError(.timeout, "\(what) did not happen within \(limit.text)")
            }
            try await clock.sleep(for: .milliseconds(100))
        }
    }
}
