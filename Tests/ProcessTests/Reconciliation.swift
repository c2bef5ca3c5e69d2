import Core
import Testing

/// Senders against servers that get into trouble, and what is stored afterwards against a plain
/// recomputation of the accepted events.
struct Reconciliation {
    let definitions: [PlainWindows.Definition]
    let partitionCount: Int
    let seed: UInt64

    static let short = PlainWindows.Definition(name: "short", size: 1_000_000, lateness: 2_000_000)
    static let long = PlainWindows.Definition(name: "long", size: 10_000_000, lateness: 0)

    /// Draws a seed and prints it under the name of the test.
    init(
        of test: String,
        _ definitions: [PlainWindows.Definition] = [short, long],
        partitionCount: Int = 4
    ) {
        self.definitions = definitions
        self.partitionCount = partitionCount
        seed = EventScript.seed
        print("seed of the \(test) test: FLEETSCORE_SEED=\(seed)")
    }

    /// What came of a run that reconciles.
    struct Outcome {
        let sent: EventSenders.Sent
        /// The accepted readings in log order.
        let exported: [Reading]
        let stored: WindowPicture
    }

    /// The windows of a configuration.
    var windows: String {
        let lines = definitions.map { definition in
            "  - {name: \(definition.name), size: \(definition.size / 1_000_000)s, "
                + "allowed_lateness: \(definition.lateness / 1_000_000)s}\n"
        }
        return "windows:\n" + lines.joined()
    }

    /// Sends while `trouble` goes on, which answers the servers that live on; then every accepted
    /// event must be in the log once, and every window as it is computed plainly.
    func run(
        _ senders: EventSenders,
        taskCount: Int,
        database path: String,
        in folder: TemporaryFolder,
        _ trouble: () async throws -> [RunningServer]
    ) async throws -> Outcome {
        async let allSent: Void = senders.run(taskCount: taskCount)
        let servers: [RunningServer]
        do {
            servers = try await trouble()
        } catch {
            await senders.use(nil)
            await senders.stop()
            throw error
        }
        await senders.stop()
        await allSent
        let sent = await senders.sent
        #expect(sent.problems.isEmpty, "seed \(seed)")
        let exported = try await servers.completedReadings()
        for server in servers.reversed() { try await server.expectCleanEnd() }
        #expect(
            sent.readings.sorted() == exported.sorted(),
            "acknowledged \(sent.readings.count), exported \(exported.count), seed \(seed)"
        )
        let stored = try await WindowDatabase(path: path, folder: folder).picture()
        let differences = stored.differences(from: plainly(exported))
        #expect(
            differences.isEmpty,
            "\(differences.count) differences, seed \(seed): \(differences.prefix(5))"
        )
        return Outcome(sent: sent, exported: exported, stored: stored)
    }

    /// The windows of readings, computed as plainly as possible.
    func plainly(_ readings: [Reading]) -> WindowPicture {
        PlainWindows.picture(of: readings, definitions, partitionCount: partitionCount)
    }
}
