import Core
import Pipelines
import Testing

@Suite("Run machine")
struct RunMachineTests {
    static let start = Timestamp(seconds: 1_700_000_000)
    static let end = start + .seconds(300)

    static func machine(_ change: (inout RunMachine.Policy) -> Void = { _ in }) throws
        -> RunMachine
    {
        var policy = RunMachine.Policy()
        change(&policy)
        return RunMachine(
            interval: try TimeInterval(start: start, end: end),
            policy: policy,
            createdAt: end
        )
    }

    /// A machine that runs so many tasks.
    static func running(
        _ taskCount: Int,
        _ change: (inout RunMachine.Policy) -> Void = { _ in }
    ) throws -> RunMachine {
        var machine = try Self.machine(change)
        #expect(machine.tick(now: end, watermark: end) == [.plan])
        let tasks = Array(repeating: RunMachine.PlannedTask(), count: taskCount)
        _ = machine.planned(tasks, now: end)
        return machine
    }

    static func summary(scored: Int = 0, failed: Int = 0, noData: Int = 0)
        -> RunMachine.TaskSummary
    {
        var items = StatusCounts()
        items[.scored] = scored
        items[.failed] = failed
        items[.noData] = noData
        return .init(items: items, rowCount: scored, anomalyCount: 0, workerSeconds: 1)
    }

    static func attempt(_ task: Int, _ attempt: Int) -> RunMachine.TaskAttempt {
        .init(task: task, attempt: attempt)
    }

    @Test("It waits for the watermark and plans when it arrives")
    func waits() throws {
        var machine = try Self.machine()
        let deadline = Self.end + .seconds(600)
        #expect(machine.tick(now: Self.end, watermark: nil) == [.wait(until: deadline)])
        #expect(
            machine.tick(now: Self.end, watermark: Self.end - .seconds(60))
                == [.wait(until: deadline)]
        )
        #expect(
            machine.message == "waits until \(deadline) for the watermark, which is "
                + "\(Self.end - .seconds(60)), 1m before the interval's end"
        )
        #expect(machine.tick(now: Self.end + .seconds(1), watermark: Self.end) == [.plan])
        #expect(machine.state == .planning)
        #expect(!machine.startedWithoutWatermark)
        #expect(
            machine.tick(now: Self.end, watermark: Self.end) == [
                .wait(until: Self.end + .seconds(3601))
            ]
        )
    }

    @Test("It starts without the watermark after at_most and says so")
    func deadline() throws {
        var machine = try Self.machine()
        let actions = machine.tick(
            now: Self.end + .seconds(600),
            watermark: Self.end - .seconds(1)
        )
        #expect(actions == [.plan])
        #expect(machine.startedWithoutWatermark)
        #expect(machine.message?.hasPrefix("started after waiting 10m: the watermark is") == true)
        var careless = try Self.machine { $0.waitsForWatermark = false }
        #expect(careless.tick(now: Self.end, watermark: nil) == [.plan])
        #expect(careless.startedWithoutWatermark)
    }

    @Test("All tasks committed publishes")
    func publishes() throws {
        var machine = try Self.running(2)
        #expect(machine.liveAttempts == [Self.attempt(0, 1), Self.attempt(1, 1)])
        #expect(machine.taskEnded(Self.attempt(1, 1), .committed(Self.summary(scored: 5))).isEmpty)
        let actions = machine.taskEnded(
            Self.attempt(0, 1),
            .committed(Self.summary(scored: 14, failed: 1))
        )
        #expect(actions == [.publish(withFailures: true)])
        #expect(machine.summary.items.total == 20)
        #expect(machine.summary.workerSeconds == 2)
        #expect(machine.committedAttempts == [Self.attempt(0, 1), Self.attempt(1, 1)])
        #expect(machine.cancelRequested().isEmpty)
        #expect(machine.tick(now: .distantFuture, watermark: nil).isEmpty)
        #expect(machine.published().isEmpty)
        #expect(machine.state == .publishedWithFailures)
        #expect(machine.message == "1 of 20 items failed")
        #expect(machine.published().isEmpty)
    }

    struct Ending: Sendable {
        let limit: FailureLimit
        let scored: Int
        let failed: Int
        let noData: Int
        /// nil when the run publishes.
        let message: String?
    }

    @Test(
        "The failure limit and nothing scored decide",
        arguments: [
            Ending(limit: .percent(10), scored: 9, failed: 1, noData: 0, message: nil),
            Ending(
                limit: .percent(10),
                scored: 8,
                failed: 1,
                noData: 0,
                message: "1 of 9 items failed, more than failed_items (10%) allows"
            ),
            Ending(limit: .percent(10), scored: 5, failed: 0, noData: 95, message: nil),
            Ending(limit: .count(1), scored: 1, failed: 1, noData: 0, message: nil),
            Ending(
                limit: .count(0),
                scored: 1_000_000,
                failed: 1,
                noData: 0,
                message: "1 of 1000001 items failed, more than failed_items (0) allows"
            ),
            Ending(
                limit: .percent(100),
                scored: 0,
                failed: 1,
                noData: 2,
                message: "nothing was scored: 1 failed, 2 no_data"
            ),
            Ending(limit: .percent(0), scored: 0, failed: 0, noData: 0, message: nil),
        ]
    )
    func decides(_ ending: Ending) throws {
        var machine = try Self.running(1) { $0.failedItems = ending.limit }
        let actions = machine.taskEnded(
            Self.attempt(0, 1),
            .committed(
                Self.summary(scored: ending.scored, failed: ending.failed, noData: ending.noData)
            )
        )
        if let message = ending.message {
            #expect(actions == [.fail(reason: message)])
            #expect(machine.state == .failed)
        } else {
            #expect(actions == [.publish(withFailures: ending.failed > 0)])
            #expect(machine.state == .publishing)
        }
    }

    @Test("A run without items publishes its empty result")
    func empty() throws {
        var machine = try Self.machine()
        _ = machine.tick(now: Self.end, watermark: Self.end)
        #expect(machine.planned([], now: Self.end) == [.publish(withFailures: false)])
        _ = machine.published()
        #expect(machine.state == .published)
    }

    @Test("Items without a task count")
    func unassigned() throws {
        var machine = try Self.machine()
        _ = machine.tick(now: Self.end, watermark: Self.end)
        var items = StatusCounts()
        items[.noModel] = 3
        #expect(
            machine.planned([], unassigned: items, now: Self.end)
                == [.fail(reason: "nothing was scored: 3 no_model")]
        )
    }

    @Test("A dead worker's task is tried again, up to its retries")
    func retries() throws {
        var machine = try Self.running(2)
        let death = RunMachine.TaskOutcome.died(exitCode: -9, message: nil)
        #expect(machine.taskEnded(Self.attempt(0, 1), death) == [.submit([Self.attempt(0, 2)])])
        #expect(machine.message == "task 0 is tried again after signal 9")
        // News of the attempt that was replaced changes nothing.
        #expect(machine.taskEnded(Self.attempt(0, 1), death).isEmpty)
        #expect(
            machine.taskEnded(Self.attempt(0, 1), .committed(Self.summary(scored: 1))).isEmpty
        )
        #expect(machine.tasksDone == 0)
        #expect(
            machine.taskEnded(Self.attempt(0, 2), .died(exitCode: 75, message: "blob away"))
                == [.submit([Self.attempt(0, 3)])]
        )
        let reason =
            "task 0 lost its worker at attempt 3, after which no retry is left: "
            + "exit code 1: out of memory"
        #expect(
            machine.taskEnded(Self.attempt(0, 3), .died(exitCode: 1, message: "out of memory"))
                == [
                    .cancel([Self.attempt(0, 3), Self.attempt(1, 1)]), .fail(reason: reason),
                ]
        )
        #expect(machine.state == .failed)
        #expect(machine.message == reason)
    }

    @Test("A permanent failure fails at once, a preemption costs no retry")
    func exitCodes() throws {
        var machine = try Self.running(1) {
            $0.retryCountMax = 0
            $0.preemptionCountMax = 2
        }
        #expect(
            machine.taskEnded(Self.attempt(0, 1), .preempted) == [.submit([Self.attempt(0, 2)])]
        )
        #expect(
            machine.taskEnded(Self.attempt(0, 2), .died(exitCode: 143, message: nil))
                == [.submit([Self.attempt(0, 3)])]
        )
        #expect(
            machine.taskEnded(Self.attempt(0, 3), .preempted).last
                == .fail(
                    reason: "task 0 lost its worker at attempt 3, after which no retry is left: "
                        + "preempted 3 times"
                )
        )
        var other = try Self.running(2)
        #expect(
            other.taskEnded(Self.attempt(1, 1), .died(exitCode: 42, message: "bad pack")).last
                == .fail(reason: "task 1 failed for good: bad pack")
        )
    }

    @Test("It times out while planning or running")
    func timesOut() throws {
        var machine = try Self.running(2) { $0.runTimeout = .seconds(60) }
        let deadline = Self.end + .seconds(60)
        #expect(
            machine.tick(now: deadline - .seconds(1), watermark: nil) == [.wait(until: deadline)]
        )
        #expect(
            machine.tick(now: deadline, watermark: nil) == [
                .cancel([Self.attempt(0, 1), Self.attempt(1, 1)]),
                .fail(
                    reason: "the run took longer than run_timeout (1m); 0 of 2 tasks were done"
                ),
            ]
        )
    }

    @Test("Cancelling ends the live attempts and every later event is ignored")
    func cancels() throws {
        var machine = try Self.running(1)
        #expect(machine.cancelRequested() == [.cancel([Self.attempt(0, 1)])])
        #expect(machine.state == .cancelled)
        #expect(machine.taskEnded(Self.attempt(0, 1), .committed(Self.summary())).isEmpty)
        #expect(machine.tick(now: .distantFuture, watermark: nil).isEmpty)
        var waiting = try Self.machine()
        #expect(waiting.cancelRequested(reason: "paused").isEmpty)
        #expect(waiting.message == "paused")
    }

    @Test("Publishing is tried again while the failure can pass")
    func publishRetries() throws {
        var machine = try Self.running(1) { $0.publishCountMax = 2 }
        _ = machine.taskEnded(Self.attempt(0, 1), .committed(Self.summary(scored: 1)))
        #expect(
            machine.publishFailed("busy", isRetriable: true) == [.publish(withFailures: false)]
        )
        #expect(
            machine.publishFailed("busy", isRetriable: true)
                == [.fail(reason: "cannot publish: busy")]
        )
        #expect(machine.state == .failed)
    }

    @Test("After a restart committed tasks stay and attempts get new numbers")
    func restarts() throws {
        var machine = try Self.machine()
        _ = machine.tick(now: Self.end, watermark: Self.end)
        let actions = machine.planned(
            [
                .init(committedAttempt: 2, summary: Self.summary(scored: 4)),
                .init(attemptsMade: 3),
            ],
            now: Self.end
        )
        #expect(actions.first == .submit([Self.attempt(1, 4)]))
        #expect(machine.tasksDone == 1)
        _ = machine.taskEnded(Self.attempt(1, 4), .committed(Self.summary(scored: 1)))
        #expect(machine.committedAttempts == [Self.attempt(0, 2), Self.attempt(1, 4)])
    }

    @Test("Random events keep its promises")
    func random() throws {
        let seed: UInt64 = 0xD1CE
        for round in 0..<400 {
            var generator = SeededGenerator(seed: seed &+ UInt64(round))
            var run = try RandomRun(machine: Self.machine { $0.preemptionCountMax = 3 })
            for _ in 0..<120 {
                run.step(&generator)
                #expect(run.broken == nil, "seed \(seed), round \(round)")
            }
        }
    }
}

/// Feeds a machine random events, sensible or not, and watches what it asks for.
private struct RandomRun {
    var machine: RunMachine
    var broken: String?
    private var submitted: Set<RunMachine.TaskAttempt> = []
    private var committed: Set<Int> = []
    private var publishCount = 0
    private var endCount = 0
    private var now = RunMachineTests.end

    init(machine: RunMachine) {
        self.machine = machine
    }

    mutating func step(_ generator: inout SeededGenerator) {
        let before = machine.state
        now = now + .seconds(generator.below(40))
        let actions = event(&generator)
        check(actions, before)
    }

    private mutating func event(_ generator: inout SeededGenerator) -> [RunMachine.Action] {
        switch generator.below(14) {
        case 0, 1, 2:
            return machine.tick(
                now: now,
                watermark: generator.below(3) == 0 ? RunMachineTests.end : nil
            )
        case 3:
            let tasks = (0..<generator.below(5)).map { _ in
                RunMachine.PlannedTask(attemptsMade: generator.below(2))
            }
            return machine.planned(tasks, now: now)
        case 4: return generator.below(8) == 0 ? machine.planFailed("no pack") : []
        case 5: return generator.below(10) == 0 ? machine.cancelRequested() : []
        case 6: return machine.published()
        case 7: return machine.publishFailed("busy", isRetriable: generator.below(5) > 0)
        default:
            let attempt = RunMachine.TaskAttempt(
                task: generator.below(6) - 1,
                attempt: generator.below(6)
            )
            return ended(attempt, &generator)
        }
    }

    private mutating func ended(
        _ attempt: RunMachine.TaskAttempt,
        _ generator: inout SeededGenerator
    ) -> [RunMachine.Action] {
        let wasLive = machine.liveAttempts.contains(attempt)
        let done = machine.tasksDone
        let actions: [RunMachine.Action]
        switch generator.below(8) {
        case 0: actions = machine.taskEnded(attempt, .preempted)
        case 1: actions = machine.taskEnded(attempt, .died(exitCode: -9, message: nil))
        default:
            let summary = RunMachineTests.summary(
                scored: generator.below(20),
                failed: generator.below(2)
            )
            actions = machine.taskEnded(attempt, .committed(summary))
            if wasLive, !committed.insert(attempt.task).inserted { broken = "committed twice" }
        }
        if !wasLive, machine.tasksDone != done || !actions.isEmpty {
            broken = "\(attempt) was not live and yet changed the run"
        }
        return actions
    }

    private mutating func check(_ actions: [RunMachine.Action], _ before: RunMachine.State) {
        if before.isFinal, machine.state != before || !actions.isEmpty {
            broken = "\(before) is final"
        }
        for action in actions {
            switch action {
            case .submit(let attempts):
                for attempt in attempts where !submitted.insert(attempt).inserted {
                    broken = "\(attempt) was submitted twice"
                }
                for task in attempts.map(\.task) {
                    let count = submitted.count { $0.task == task }
                    if count > 1 + 2 + 3 { broken = "task \(task) had \(count) attempts" }
                }
            case .publish:
                publishCount += 1
                if machine.tasksDone != machine.taskCount { broken = "published too early" }
                if publishCount > machine.policy.publishCountMax { broken = "published too often" }
            case .fail:
                if machine.state != .failed { broken = "failed in \(machine.state)" }
            case .cancel(let attempts):
                if !submitted.isSuperset(of: attempts) { broken = "cancelled what never ran" }
            case .plan, .wait: break
            }
        }
        if !before.isFinal, machine.state.isFinal { endCount += 1 }
        if endCount > 1 { broken = "ended twice" }
    }
}
