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
        private static let partitionCount = 4
        private static let configuration = """
            partitions: \(partitionCount)
            idle_after: 1h
            windows:
              - {name: short, size: 1s, allowed_lateness: 2s}
              - {name: long, size: 10s, allowed_lateness: 0s}

            """
        private static let definitions = [
            PlainWindows.Definition(name: "short", size: 1_000_000, lateness: 2_000_000),
            PlainWindows.Definition(name: "long", size: 10_000_000, lateness: 0),
        ]

        private static let seed = EventScript.seed

        @Test(
            "its windows are what a plain recomputation of the accepted events gives",
            .enabled(if: Binary.isThere && Binary.has("sqlite3"), "needs fleetscore and sqlite3"),
            .timeLimit(.minutes(4))
        )
        func windowsSurviveKills() async throws {
            print("seed of the kill test: FLEETSCORE_SEED=\(Self.seed)")
            let folder = try TemporaryFolder()
            try folder.write("server.yaml", Self.configuration)
            let senders = EventSenders(try EventScript(seed: Self.seed))
            async let allSent: Void = senders.run(taskCount: 4)
            let server: RunningServer
            do {
                server = try await Self.killAgainAndAgain(senders, folder)
            } catch {
                await senders.use(nil)
                await senders.stop()
                throw error
            }
            await allSent
            let sent = await senders.sent
            #expect(sent.problems.isEmpty)
            let exported = try await [server].completedReadings()
            try await server.expectCleanEnd()

            let seed = "seed \(Self.seed)"
            #expect(sent.batches > Self.killCount && sent.repeats > 0, "\(seed)")
            #expect(
                sent.readings.sorted() == exported.sorted(),
                "acknowledged \(sent.readings.count), exported \(exported.count), \(seed)"
            )
            let database = WindowDatabase(path: folder.at("data/windows.db"), folder: folder)
            let stored = try await database.picture()
            let plain = PlainWindows.picture(
                of: exported,
                Self.definitions,
                partitionCount: Self.partitionCount
            )
            let differences = stored.differences(from: plain)
            #expect(
                differences.isEmpty,
                "\(differences.count) differences, \(seed): \(differences.prefix(5))"
            )
            Self.checkCounts(stored, acknowledged: sent.readings.count)
            #expect(try await database.snapshotCount() > 0, "no snapshot was used, \(seed)")
            print(
                "\(sent.batches) batches, \(exported.count) events, \(sent.repeats) repeats, "
                    + "\(sent.duplicates) known already, \(stored.rows.count) windows, "
                    + "\(stored.duplicates) duplicates, late "
                    + "\(stored.late.mapValues(\.count).sorted { $0.key < $1.key })"
            )
        }

        /// Every accepted event is in a window, late or a duplicate, for each definition.
        private static func checkCounts(_ picture: WindowPicture, acknowledged: Int) {
            #expect(picture.accepted == acknowledged)
            #expect(picture.duplicates > 0)
            for definition in definitions {
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
            var numbers = SeededNumbers(seed: seed &+ 1)
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
            let plain = PlainWindows.picture(
                of: readings,
                Self.definitions,
                partitionCount: Self.partitionCount
            )
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
