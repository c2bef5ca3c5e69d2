import Client
import Core
import FoundationEssentials
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension ProcessTests {
    @Suite("A server that is killed again and again")
    struct KillTests {
        private static let killCount = 50
        private static let reconciliation = Reconciliation(of: "kill")
        private static let configuration = """
            partitions: \(reconciliation.partitionCount)
            idle_after: 1h
            \(reconciliation.windows)
            """

        @Test(
            "its windows are what a plain recomputation of the accepted events gives",
            .enabled(if: Binary.isThere && Binary.has("sqlite3"), "needs fleetscore and sqlite3"),
            .timeLimit(.minutes(4))
        )
        func windowsSurviveKills() async throws {
            let folder = try TemporaryFolder()
            try folder.write("server.yaml", Self.configuration)
            let senders = EventSenders(try EventScript(seed: Self.reconciliation.seed))
            let outcome = try await Self.reconciliation.run(
                senders,
                taskCount: 4,
                database: folder.at("data/windows.db"),
                in: folder
            ) { [try await Self.killAgainAndAgain(senders, folder)] }
            let (sent, stored) = (outcome.sent, outcome.stored)
            let seed = "seed \(Self.reconciliation.seed)"
            #expect(sent.batches > Self.killCount && sent.repeats > 0, "\(seed)")
            Self.checkCounts(stored, acknowledged: sent.readings.count)
            let database = WindowDatabase(path: folder.at("data/windows.db"), folder: folder)
            #expect(try await database.snapshotCount() > 0, "no snapshot was used, \(seed)")
            print(
                "\(sent.batches) batches, \(outcome.exported.count) events, "
                    + "\(sent.repeats) repeats, \(sent.duplicates) known already, "
                    + "\(stored.rows.count) windows, \(stored.duplicates) duplicates, late "
                    + "\(stored.late.mapValues(\.count).sorted { $0.key < $1.key })"
            )
        }

        /// Every accepted event is in a window, late or a duplicate, for each definition.
        private static func checkCounts(_ picture: WindowPicture, acknowledged: Int) {
            #expect(picture.accepted == acknowledged)
            #expect(picture.duplicates > 0)
            for definition in reconciliation.definitions {
                let windowed = picture.rows.lazy.filter { $0.id.definition == definition.name }
                    .reduce(0) { $0 + $1.count }
                let late = picture.late[definition.name, default: []].count
                #expect(windowed > 0 && late > 0)
                #expect(windowed + late + picture.duplicates == acknowledged, "\(definition.name)")
            }
        }

        /// Lives of some tenths of a second, one long enough for a snapshot, some cut while they
        /// start; answers the server that lives on.
        private static func killAgainAndAgain(
            _ senders: EventSenders,
            _ folder: TemporaryFolder
        ) async throws -> RunningServer {
            var numbers = SeededNumbers(seed: reconciliation.seed &+ 1)
            let clock = ContinuousClock()
            for life in 0..<killCount {
                let child = try RunningServer.launch(
                    data: folder.at("data"),
                    config: "server.yaml",
                    in: folder
                )
                if life % 10 == 9 {
                    // The name of the program is not enough: it dies anywhere in its start.
                    let life = Int.random(in: 5...300, using: &numbers)
                    try await clock.sleep(for: .milliseconds(life))
                } else {
                    await senders.use(try await RunningServer.ready(child).client)
                    let isLong = life == killCount / 2
                    if isLong { await senders.slowDown(.milliseconds(100)) }
                    let length = isLong ? 21_500 : Int.random(in: 100...400, using: &numbers)
                    try await clock.sleep(for: .milliseconds(length))
                    await senders.slowDown(.zero)
                }
                child.send(SIGKILL)
                guard try await child.end() == -SIGKILL else {
                    throw ProcessProblem("life \(life) ended by itself: \(child.errors)")
                }
                await senders.use(nil)
            }
            let server = try await RunningServer.start(
                data: folder.at("data"),
                config: "server.yaml",
                in: folder
            )
            await senders.use(server.client)
            await senders.stop()
            return server
        }

        @Test("the comparison itself finds every altered number")
        func comparisonFindsDifferences() throws {
            var script = try EventScript(seed: 7)
            let readings = (0..<200).flatMap { _ in script.next().readings }
            let plain = Self.reconciliation.plainly(readings)
            #expect(plain.differences(from: plain).isEmpty)
            Self.checkCounts(plain, acknowledged: readings.count)
            let number = try #require(plain.rows.firstIndex { $0.count > 2 })
            let changes: [(inout WindowPicture) -> Void] = [
                { $0.rows[number].count += 1 },
                { $0.rows[number].sum *= 1 + 1e-11 },
                { $0.rows[number].mean *= 1 + 1e-11 },
                { $0.rows[number].stddev = nil },
                { $0.rows[number].min = $0.rows[number].min.nextDown },
                { $0.rows[number].max = $0.rows[number].max.nextUp },
                { $0.rows[number].first = $0.rows[number].first.nextUp },
                { $0.rows[number].last = $0.rows[number].last.nextUp },
                { $0.late["long"]?.removeLast() },
                { $0.duplicates += 1 },
                { $0.accepted -= 1 },
                { $0.rows.removeLast() },
                { $0.rows.append($0.rows[number]) },
            ]
            for (index, change) in changes.enumerated() {
                var altered = plain
                change(&altered)
                #expect(plain.differences(from: altered).count == 1, "change \(index)")
                #expect(altered.differences(from: plain).count == 1, "change \(index)")
            }
        }
    }
}
