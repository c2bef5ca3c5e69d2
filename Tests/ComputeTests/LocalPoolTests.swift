import Compute
import Core
import Foundation
import TestKit
import Testing

@Suite("Local pool", .timeLimit(.minutes(1))) struct LocalPoolTests {
    private func tickets(_ run: String, _ count: Int) -> [TaskTicket] {
        (0..<count).map { TaskTicket(run: run, task: $0, attempt: 1) }
    }

    private func submit(
        _ tickets: [TaskTicket],
        to pool: LocalPool,
        workerCountMax: Int = 100
    ) async throws {
        try await pool.submit(
            tickets,
            resources: TaskResources(),
            workerCountMax: workerCountMax
        )
    }

    private func waitForWorkers(_ pool: LocalPool, count: Int) async throws {
        for _ in 0..<500 {
            if await pool.workers().count == count { return }
            try await ComputeContract.pause(.milliseconds(10))
        }
        Issue.record("expected \(count) workers, found \(await pool.workers().count)")
    }

    @Test("The pool grows from zero to its maximum and shrinks to zero when idle")
    func scales() async throws {
        let worker = try FakeWorker()
        let pool = worker.pool(max: 3) { $0.idleTime = .milliseconds(200) }
        #expect(await pool.workers().isEmpty)
        let slow = tickets("slow", 5)
        try await submit(slow, to: pool)
        try await waitForWorkers(pool, count: 3)
        let states = try await pool.poll(slow)
        #expect(states.values.filter(ComputeContract.isRunning).count == 3)
        await pool.cancel(slow)
        let quick = tickets("ok", 10)
        try await submit(quick, to: pool)
        _ = try await ComputeContract.wait(
            pool,
            slow + quick,
            "all end",
            until: ComputeContract.isGone
        )
        let processIDs = await pool.workers().map(\.processID)
        try await waitForWorkers(pool, count: 0)
        #expect(!processIDs.contains(where: isAlive))
        await pool.shutdown()
        try worker.remove()
    }

    @Test("The minimum starts at once and stays")
    func minimum() async throws {
        let worker = try FakeWorker()
        let pool = worker.pool(max: 3) {
            $0.workerCountMin = 2
            $0.idleTime = .milliseconds(50)
        }
        await pool.start()
        try await waitForWorkers(pool, count: 2)
        let before = await pool.workers().map(\.processID)
        for processID in before {
            // A worker that held another's pipe would keep it from seeing its parent's death.
            let folder = "/proc/\(processID)/fd"
            let pipes = try FileManager.default.contentsOfDirectory(atPath: folder)
                .map {
                    try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")
                }
                .filter { $0.hasPrefix("pipe:") }
            #expect(pipes.count == 3)
        }
        try await ComputeContract.pause(.milliseconds(200))
        #expect(await pool.workers().map(\.processID) == before)
        await pool.shutdown()
        try worker.remove()
    }

    @Test("A worker killed in the middle ends its ticket; others serve the rest")
    func killed() async throws {
        let worker = try FakeWorker()
        let pool = worker.pool(max: 1)
        let slow = tickets("slow", 1)
        try await submit(slow, to: pool)
        _ = try await ComputeContract.wait(
            pool,
            slow,
            "it runs",
            until: ComputeContract.isRunning
        )
        let rest = tickets("ok", 3)
        try await submit(rest, to: pool)
        let victim = try #require(await pool.workers().first)
        #expect(victim.ticket == slow[0])
        kill(victim.processID, SIGKILL)
        let states = try await ComputeContract.wait(
            pool,
            slow + rest,
            "all end",
            until: ComputeContract.isGone
        )
        #expect(
            states[slow[0]] == .gone(exitCode: -9, message: "the worker ended by signal 9")
        )
        for ticket in rest { #expect(states[ticket] == .gone(exitCode: 0, message: nil)) }
        #expect(await pool.workers().first?.processID != victim.processID)
        await pool.shutdown()
        try worker.remove()
    }

    @Test("Workers that die or quit by themselves take only their own ticket along")
    func dies() async throws {
        let worker = try FakeWorker()
        let pool = worker.pool(max: 2)
        let all = tickets("die", 2) + tickets("ok", 4) + tickets("quit", 1)
        try await submit(all, to: pool)
        let states = try await ComputeContract.wait(
            pool,
            all,
            "all end",
            until: ComputeContract.isGone
        )
        for ticket in all {
            guard case .gone(let exitCode, _) = states[ticket] else { continue }
            #expect(exitCode == ["die": -9, "ok": 0, "quit": 7][ticket.run])
        }
        await pool.shutdown()
        try worker.remove()
    }

    @Test("A worker that holds a ticket too long is killed")
    func timeout() async throws {
        let worker = try FakeWorker()
        let pool = worker.pool(max: 1) { $0.ticketTimeout = .milliseconds(200) }
        let stuck = tickets("stubborn", 1)
        try await submit(stuck, to: pool)
        let states = try await ComputeContract.wait(
            pool,
            stuck,
            "it ends",
            until: ComputeContract.isGone
        )
        #expect(
            states[stuck[0]]
                == .gone(
                    exitCode: -9,
                    message: "the worker ended by signal 9 (the task timed out)"
                )
        )
        await pool.shutdown()
        try worker.remove()
    }

    @Test("Shutdown leaves no process, not even a stubborn one")
    func shutdown() async throws {
        let worker = try FakeWorker()
        let pool = worker.pool(max: 3)
        let all = tickets("stubborn", 1) + tickets("slow", 2)
        try await submit(all, to: pool)
        _ = try await ComputeContract.wait(
            pool,
            all,
            "all run",
            until: ComputeContract.isRunning
        )
        let processIDs = await pool.workers().map(\.processID)
        #expect(processIDs.count == 3)
        #expect(processIDs.allSatisfy(isAlive))
        await pool.shutdown()
        #expect(!processIDs.contains(where: isAlive))
        #expect(await pool.workers().isEmpty)
        try worker.remove()
    }

    @Test("Noise on the error output and lines that are no answers do no harm")
    func noisy() async throws {
        let worker = try FakeWorker()
        let pool = worker.pool(max: 1)
        let all = tickets("noisy", 2)
        try await submit(all, to: pool)
        let states = try await ComputeContract.wait(
            pool,
            all,
            "all end",
            until: ComputeContract.isGone
        )
        #expect(states.values.allSatisfy { $0 == .gone(exitCode: 0, message: nil) })
        #expect(await pool.workers().map(\.tasksDone) == [2])
        await pool.shutdown()
        try worker.remove()
    }

    @Test("A worker program that is missing gives its tickets up with the reason")
    func missingProgram() async throws {
        let worker = try FakeWorker()
        let pool = worker.pool(max: 2) {
            $0.executable = "/nonexistent/fleetscore"
            $0.startFailureCountMax = 2
        }
        let all = tickets("ok", 2)
        try await submit(all, to: pool)
        let states = try await ComputeContract.wait(
            pool,
            all,
            "all end",
            until: ComputeContract.isGone
        )
        guard case .gone(WorkerExit.transientFailure, let message) = states[all[0]] else {
            Issue.record("unexpected state")
            return
        }
        #expect(message?.contains("/nonexistent/fleetscore") == true)
        await pool.shutdown()
        try worker.remove()
    }

    @Test("A worker ends by itself when its input closes")
    func inputCloses() async throws {
        let worker = try FakeWorker()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [worker.path]
        let input = Pipe()
        process.standardInput = input
        process.standardError = FileHandle.nullDevice
        try process.run()
        #expect(isAlive(process.processIdentifier))
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        try worker.remove()
    }
}
