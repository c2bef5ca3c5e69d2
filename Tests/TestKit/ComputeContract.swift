package import Compute
internal import Core

/// What every compute target promises.
///
/// Its workers must answer tickets of run `ok` with 0, of run `fail` with 42 and the message
/// `bad`, and must work on tickets of run `slow` until they are asked to stop.
package struct ComputeContract {
    /// A promise that was not kept.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Real time, which process tests cannot do without.
    package static let clock = ContinuousClock()

    private let target: any ComputeTarget

    package init(_ target: any ComputeTarget) {
        self.target = target
    }

    /// Runs every check and shuts the target down.
    ///
    /// - Throws: ``Failure``, or what the target threw unexpectedly.
    package func run() async throws {
        try await runsTickets()
        try await limitsSubmissions()
        try await cancels()
        try await endsAll()
    }

    /// Waits in real time for something no signal tells.
    ///
    /// - Throws: when the task is cancelled.
    package static func pause(_ duration: Duration) async throws {
        try await Task.sleep(for: duration)
    }

    /// Polls until all tickets are as wanted and returns their states.
    package static func wait(
        _ target: any ComputeTarget,
        _ tickets: [TaskTicket],
        _ promise: String,
        until isWanted: (TaskState) -> Bool
    ) async throws -> [TaskTicket: TaskState] {
        for _ in 0..<200 {
            let states = try await target.poll(tickets)
            if states.values.allSatisfy(isWanted) { return states }
            await target.waitForChange(timeout: .milliseconds(500))
        }
        throw Failure(
            description: "not kept: \(promise): \(try await target.poll(tickets))"
        )
    }

    /// Whether a ticket has ended.
    package static func isGone(_ state: TaskState) -> Bool {
        if case .gone = state { true } else { false }
    }

    /// Whether a ticket runs.
    package static func isRunning(_ state: TaskState) -> Bool {
        if case .running = state { true } else { false }
    }

    private func tickets(_ run: String, _ count: Int, attempt: Int = 1) -> [TaskTicket] {
        (0..<count).map { TaskTicket(run: run, task: $0, attempt: attempt) }
    }

    private func runsTickets() async throws {
        let good = tickets("ok", 20)
        let bad = tickets("fail", 2)
        let unknown = TaskTicket(run: "nobody", task: 0, attempt: 1)
        try await target.submit(good, resources: TaskResources(), workerCountMax: 4)
        try await target.submit(good + bad, resources: TaskResources(), workerCountMax: 4)
        let states = try await Self.wait(
            target,
            good + bad,
            "all tickets end",
            until: Self.isGone
        )
        for ticket in good {
            try expect(states[ticket] == .gone(exitCode: 0, message: nil), "\(ticket) is done")
        }
        for ticket in bad {
            try expect(
                states[ticket] == .gone(exitCode: WorkerExit.permanentFailure, message: "bad"),
                "\(ticket) failed with its message"
            )
        }
        guard case .gone(-1, _) = try await target.poll([unknown])[unknown] else {
            throw Failure(description: "not kept: an unknown ticket is gone with -1")
        }
        await target.cancel([unknown])
        try await target.submit(good, resources: TaskResources(), workerCountMax: 4)
        try await expect(
            target.poll(good).values.allSatisfy { $0 == .gone(exitCode: 0, message: nil) },
            "a ticket already known is ignored"
        )
    }

    private func limitsSubmissions() async throws {
        let slow = tickets("slow", 3)
        try await target.submit(slow, resources: TaskResources(), workerCountMax: 1)
        _ = try await Self.wait(
            target,
            [slow[0]],
            "the first ticket runs",
            until: Self.isRunning
        )
        let other = tickets("ok", 1, attempt: 2)
        try await target.submit(other, resources: TaskResources(), workerCountMax: 1)
        _ = try await Self.wait(
            target,
            other,
            "another submission passes the waiting one",
            until: Self.isGone
        )
        let states = try await target.poll(slow)
        try expect(
            states.values.filter(Self.isRunning).count == 1,
            "one of the submission runs"
        )
        guard case .pending(let reason) = states[slow[2]] else {
            throw Failure(description: "not kept: the others are pending")
        }
        try expect(!reason.isEmpty, "a pending ticket says why")
        try await expect(
            target.workers().contains { $0.ticket == slow[0] },
            "its worker is listed"
        )
    }

    private func cancels() async throws {
        let slow = tickets("slow", 3)
        await target.cancel([slow[2]])
        try await expect(
            target.poll([slow[2]]).values.allSatisfy(Self.isGone),
            "a pending ticket is dropped"
        )
        await target.cancel([slow[0]])
        let states = try await Self.wait(
            target,
            [slow[0]],
            "a cancelled ticket ends",
            until: Self.isGone
        )
        try expect(states[slow[0]] != .gone(exitCode: 0, message: nil), "and not with success")
        _ = try await Self.wait(
            target,
            [slow[1]],
            "the next ticket takes its place",
            until: Self.isRunning
        )
    }

    private func endsAll() async throws {
        let slow = tickets("slow", 3)
        await target.shutdown()
        try await expect(
            target.poll(slow).values.allSatisfy(Self.isGone),
            "shutdown ends every ticket"
        )
        try await expect(target.workers().isEmpty, "shutdown ends every worker")
        do {
            try await target.submit(
                tickets("ok", 1, attempt: 3),
                resources: TaskResources(),
                workerCountMax: 1
            )
        } catch let error as FleetError where error.code == .unavailable {
            return
        }
        throw Failure(description: "not kept: a target that has ended takes no tickets")
    }

    private func expect(_ isKept: Bool, _ promise: String) throws {
        guard isKept else { throw Failure(description: "not kept: \(promise)") }
    }
}
