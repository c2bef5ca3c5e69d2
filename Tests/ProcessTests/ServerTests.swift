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
    @Suite(
        "A server from init to predictions",
        .enabled(if: Binary.isThere && ReferenceData.isThere, "\(ReferenceData.absence)")
    )
    struct ServerTests {
        private static let interval = "2018-08-28T23:00:00Z/2018-08-29T04:00:00Z"

        /// A started server that holds the reference data, its fleet in production, a pipeline.
        private static func plant(
            _ folder: TemporaryFolder
        ) async throws -> RunningServer {
            let made = try await Binary.run(["init", "plant", "--name", "plant"], in: folder)
            #expect(made.exitCode == 0, "\(made)")
            let server = try await RunningServer.start(
                data: folder.at("data"),
                config: "plant/fleetscore.yaml",
                in: folder
            )
            let sent = try await server.run(
                ["events", "send", ReferenceData.readings, "--complete"],
                in: folder
            )
            #expect(sent.exitCode == 0 && sent.output.contains("17,768"), "\(sent)")
            try await importAndPromote(server, folder)
            let published = try await server.run(
                ["pipelines", "publish", "plant/pipeline.yaml"],
                in: folder
            )
            #expect(published.exitCode == 0, "\(published)")
            return server
        }

        private static func importAndPromote(
            _ server: RunningServer,
            _ folder: TemporaryFolder
        ) async throws {
            let imported = try await server.run(
                ["fleets", "import", "plant", ReferenceData.models, "--json"],
                in: folder
            )
            #expect(imported.exitCode == 0, "\(imported)")
            let detail: FleetDetail = try imported.json()
            #expect(detail.version.models == 15 && detail.version.errors == 4)
            #expect(detail.version.aliases == ["candidate"])
            let refused = try await server.run(["fleets", "promote", "plant", "1"], in: folder)
            #expect(refused.exitCode != 0 && refused.errorLines.count == 1, "\(refused)")
            #expect(refused.errors.contains("--force"), "\(refused)")
            let alone = try await server.run(
                ["fleets", "promote", "plant", "1", "--force"],
                in: folder
            )
            #expect(alone.exitCode == 2, "\(alone)")
            let forced = try await server.run(
                ["fleets", "promote", "plant", "1", "--force", "--reason", "known rigs"],
                in: folder
            )
            #expect(forced.exitCode == 0, "\(forced)")
        }

        /// Kills workers that a test stopped and that may still be the same processes.
        private static func endForSure(_ workers: [WorkerListing]) {
            for worker in workers where isRunning(worker.processID) {
                kill(worker.processID, SIGKILL)
            }
        }

        private static func startRun(
            _ server: RunningServer,
            _ folder: TemporaryFolder
        ) async throws -> RunInfo {
            let answer = try await server.run(
                ["runs", "start", "plant", "--interval", interval, "--wait", "--json"],
                in: folder
            )
            #expect(answer.exitCode == 0, "\(answer)")
            return try answer.json()
        }

        private static func predictions(
            of run: String,
            _ server: RunningServer,
            _ folder: TemporaryFolder
        ) async throws -> [PredictionInfo] {
            let answer = try await server.run(
                ["runs", "predictions", run, "--json"],
                in: folder
            )
            #expect(answer.exitCode == 0, "\(answer)")
            return try answer.json()
        }

        @Test("events, fleet, pipeline, run, predictions, explanation, export and clean end")
        func wholeStory() async throws {
            let folder = try TemporaryFolder()
            let server = try await Self.plant(folder)
            let run = try await Self.startRun(server, folder)
            #expect(run.state == "published" && run.items[.scored] == 15, "\(run)")
            let location = try #require(run.location)
            let path = location.replacing("file://", with: "")
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            let manifest = try JSONDecoder().decode(ManifestFile.self, from: bytes)
            #expect(manifest.rowCount == run.rows && manifest.rowCount > 1000)
            let rows = try await Self.predictions(of: run.id, server, folder)
            #expect(rows.count == manifest.rowCount)
            #expect(Set(rows.map { "\($0.key) \($0.windowEnd)" }).count == rows.count)
            #expect(rows.count { $0.isAnomaly == true } == run.anomalies)
            let csv = try await server.run(
                ["runs", "predictions", run.id, "--format", "csv"],
                in: folder
            )
            #expect(csv.outputLines.count == manifest.rowCount + 1)
            try await checkExplanation(of: run, rows, server, folder)
            try await checkEvents(server, folder)
            let workers: [WorkerListing] = try await server.run(
                ["workers", "list", "--json"],
                in: folder
            ).json()
            #expect(!workers.isEmpty && workers.allSatisfy { isRunning($0.processID) })
            try await server.expectCleanEnd()
            let days = try folder.names("data/blobs/capture")
            #expect(days.count >= 1, "a clean end captures the raw readings")
            #expect(workers.allSatisfy { !isRunning($0.processID) })
        }

        private func checkExplanation(
            of run: RunInfo,
            _ rows: [PredictionInfo],
            _ server: RunningServer,
            _ folder: TemporaryFolder
        ) async throws {
            let answer = try await server.run(
                ["predictions", "explain", run.id, "1/2", "--json"],
                in: folder
            )
            #expect(answer.exitCode == 0, "\(answer)")
            let explanation: Explanation = try answer.json()
            let own = rows.filter { $0.key == "1/2" }
            #expect(explanation.predictions == own && !own.isEmpty)
            #expect(explanation.anomalies == own.count)
            #expect(explanation.findings.contains { $0.severity == "error" })
            #expect(explanation.model != nil)
            let unknown = try await server.run(
                ["predictions", "explain", run.id, "9/9"],
                in: folder
            )
            #expect(unknown.exitCode == 1 && unknown.errors.contains("9/9"), "\(unknown)")
        }

        private func checkEvents(_ server: RunningServer, _ folder: TemporaryFolder) async throws {
            let export = try await server.run(["events", "export"], in: folder)
            #expect(export.exitCode == 0 && export.outputLines.count == ReferenceData.rowCount + 1)
            let device = try await server.run(["events", "export", "--device", "2"], in: folder)
            let wanted = try ReferenceData.rows().count { $0.device == "2" }
            #expect(device.outputLines.count == wanted + 1)
            try folder.write(
                "bad.csv",
                "time,device,sensor,value\n2018-08-29T04:30:00Z,1,1,warm\n"
            )
            let body = FleetscoreClient.Body(
                try folder.bytes("bad.csv"),
                contentType: "text/csv"
            )
            let answer: EventsAnswer = try await server.client.post("/v1/events", body: body)
            #expect(answer.accepted == 0 && answer.rejected == 1)
            let rejected = try await server.run(["events", "rejected"], in: folder)
            #expect(rejected.outputLines.count == 1 && rejected.output.contains("warm"))
        }

        @Test("workers killed in the middle of a run change nothing in its result")
        func workersAreKilled() async throws {
            let folder = try TemporaryFolder()
            let server = try await Self.plant(folder)
            let calm = try await Self.startRun(server, folder)
            let expected = try await Self.predictions(of: calm.id, server, folder)
            let workers: [WorkerListing] = try await server.client.get("/v1/workers")
            #expect(!workers.isEmpty)
            // A stopped worker takes its task and never answers; then it dies.
            for worker in workers { kill(worker.processID, SIGSTOP) }
            defer { Self.endForSure(workers) }
            let run: RunInfo = try await server.client.post(
                "/v1/runs",
                body: .init(json: StartRunRequest(pipeline: "plant", interval: Self.interval))
            )
            var victims: [WorkerListing] = []
            try await eventually("a task on a stopped worker") {
                let now: [WorkerListing] = try await server.client.get("/v1/workers")
                victims = now.filter { $0.run == run.id }
                return !victims.isEmpty
            }
            for worker in workers { kill(worker.processID, SIGKILL) }
            #expect(victims.contains { victim in workers.contains { $0.id == victim.id } })
            let watched = try await server.run(["runs", "watch", run.id, "--json"], in: folder)
            #expect(watched.exitCode == 0, "\(watched)")
            let info: RunInfo = try watched.json()
            #expect(info.state == "published" && info.attempt == calm.attempt + 1)
            #expect(info.items == calm.items && info.rows == calm.rows)
            let found = try await Self.predictions(of: run.id, server, folder)
            #expect(found == expected && !found.isEmpty)
            try await server.expectCleanEnd()
        }

        @Test("after the server is killed its workers end by themselves")
        func workersFollowTheServer() async throws {
            let folder = try TemporaryFolder()
            let server = try await Self.plant(folder)
            let run = try await Self.startRun(server, folder)
            let expected = try await Self.predictions(of: run.id, server, folder)
            let workers: [WorkerListing] = try await server.client.get("/v1/workers")
            #expect(!workers.isEmpty)
            server.child.send(SIGKILL)
            #expect(try await server.child.end() == -SIGKILL)
            try await eventually(within: .seconds(30), "workers \(workers) to end") {
                workers.allSatisfy { !isRunning($0.processID) }
            }
            let next = try await RunningServer.start(
                data: folder.at("data"),
                config: "plant/fleetscore.yaml",
                in: folder
            )
            #expect(try await Self.predictions(of: run.id, next, folder) == expected)
            try await next.expectCleanEnd()
        }

        @Test("a run cut short by the kill of its server is published as a new attempt")
        func serverIsKilledInARun() async throws {
            let folder = try TemporaryFolder()
            let server = try await Self.plant(folder)
            let calm = try await Self.startRun(server, folder)
            let expected = try await Self.predictions(of: calm.id, server, folder)
            let workers: [WorkerListing] = try await server.client.get("/v1/workers")
            for worker in workers { kill(worker.processID, SIGSTOP) }
            defer { Self.endForSure(workers) }
            let run: RunInfo = try await server.client.post(
                "/v1/runs",
                body: .init(json: StartRunRequest(pipeline: "plant", interval: Self.interval))
            )
            try await eventually("a task on a stopped worker") {
                let now: [WorkerListing] = try await server.client.get("/v1/workers")
                return now.contains { $0.run == run.id }
            }
            server.child.send(SIGKILL)
            #expect(try await server.child.end() == -SIGKILL)
            // The worker that outlived its server finishes its task: a zombie that does no harm.
            for worker in workers { kill(worker.processID, SIGCONT) }
            let next = try await RunningServer.start(
                data: folder.at("data"),
                config: "plant/fleetscore.yaml",
                in: folder
            )
            var replaced: RunInfo?
            try await eventually("a new attempt of the run") {
                let runs: [RunInfo] = try await next.client.get("/v1/runs")
                replaced = runs.first { $0.isFinal && $0.attempt == run.attempt + 1 }
                return replaced != nil
            }
            let info = try #require(replaced)
            #expect(info.state == "published" && info.items == calm.items, "\(info)")
            #expect(try await Self.predictions(of: info.id, next, folder) == expected)
            let old: RunInfo = try await next.client.get("/v1/runs/\(run.id)")
            #expect(old.state == "failed" && old.message != nil)
            try await next.expectCleanEnd()
            try await eventually(within: .seconds(30), "the old workers to end") {
                workers.allSatisfy { !isRunning($0.processID) }
            }
        }

        @Test("a server with a stuck worker ends soon after the ten seconds it grants it")
        func stuckWorkerDoesNotHoldTheEnd() async throws {
            let folder = try TemporaryFolder()
            let server = try await Self.plant(folder)
            _ = try await Self.startRun(server, folder)
            let workers: [WorkerListing] = try await server.client.get("/v1/workers")
            #expect(!workers.isEmpty)
            for worker in workers { kill(worker.processID, SIGSTOP) }
            defer { Self.endForSure(workers) }
            try await server.expectCleanEnd(within: .seconds(15))
            #expect(workers.allSatisfy { !isRunning($0.processID) })
        }

        @Test("predictions of old readings can be read after a restart")
        func oldPredictionsStay() async throws {
            let folder = try TemporaryFolder()
            let server = try await Self.plant(folder)
            let run = try await Self.startRun(server, folder)
            try await server.expectCleanEnd()
            let next = try await RunningServer.start(
                data: folder.at("data"),
                config: "plant/fleetscore.yaml",
                in: folder
            )
            // The first round of housekeeping may need a moment.
            try await ContinuousClock().sleep(for: .milliseconds(500))
            let rows = try await Self.predictions(of: run.id, next, folder)
            #expect(rows.count == run.rows)
            try await next.expectCleanEnd()
        }
    }
}
