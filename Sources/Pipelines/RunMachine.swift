package import Core

/// The life of one run as a pure state machine: events in, actions out, times passed in.
///
/// | State      | Event                       | Next                                           |
/// |------------|-----------------------------|------------------------------------------------|
/// | waiting    | tick: watermark or deadline | planning, `.plan`                              |
/// | planning   | planned                     | running, `.submit`; publishing without tasks   |
/// | planning   | planFailed                  | failed                                         |
/// | running    | taskEnded, more to do       | running, `.submit` for a retry                 |
/// | running    | taskEnded, all committed    | publishing, `.publish`, or failed              |
/// | running    | taskEnded, no attempts left | failed, `.cancel`, `.fail`                     |
/// | publishing | published                   | published or published_with_failures           |
/// | publishing | publishFailed               | publishing, `.publish` again, or failed        |
/// | planning, running          | tick past the deadline | failed, `.cancel`, `.fail`          |
/// | waiting, planning, running | cancelRequested        | cancelled, `.cancel`                |
///
/// Any other pair changes nothing and answers no action: late news of replaced attempts, of
/// ended runs, and requests that come too late are normal. Publishing cannot be cancelled and
/// does not time out, since its transaction may already have committed.
package struct RunMachine: Sendable {
    package let interval: TimeInterval
    package let policy: Policy
    package let createdAt: Timestamp
    package private(set) var state = State.waiting
    /// One line: why it waits, started without the watermark, or ended as it did.
    package private(set) var message: String?
    /// Whether planning began before the watermark reached the interval's end.
    package private(set) var startedWithoutWatermark = false
    /// When it stopped waiting.
    package private(set) var startedAt: Timestamp?
    /// Items that got their answer without a task.
    package private(set) var unassigned = StatusCounts()
    private var tasks: [TaskProgress] = []
    private var publishCount = 0

    package init(interval: TimeInterval, policy: Policy, createdAt: Timestamp) {
        self.interval = interval
        self.policy = policy
        self.createdAt = createdAt
    }

    /// One task's way through its attempts.
    private struct TaskProgress: Sendable {
        var attempt: Int
        var deaths = 0
        var preemptions = 0
        var committed: (attempt: Int, summary: TaskSummary)?
    }

    // What it knows.

    package var taskCount: Int { tasks.count }
    package var tasksDone: Int { tasks.count { $0.committed != nil } }

    /// The attempts whose parts make the result, in task order; complete once publishing.
    package var committedAttempts: [TaskAttempt] {
        tasks.enumerated().compactMap { index, task in
            task.committed.map { TaskAttempt(task: index, attempt: $0.attempt) }
        }
    }

    /// The attempts that are with the compute target now.
    package var liveAttempts: [TaskAttempt] {
        guard state == .running else { return [] }
        return tasks.enumerated().compactMap { index, task in
            task.committed == nil ? TaskAttempt(task: index, attempt: task.attempt) : nil
        }
    }

    /// The sum over all committed tasks and the items without a task.
    package var summary: TaskSummary {
        tasks.reduce(TaskSummary(items: unassigned)) { sum, task in
            task.committed.map { sum + $0.summary } ?? sum
        }
    }

    // Events.

    /// Looks at the clock and the watermark; nil when nothing was ever received.
    package mutating func tick(now: Timestamp, watermark: Timestamp?) -> [Action] {
        switch state {
        case .waiting: return tickWaiting(now: now, watermark: watermark)
        case .planning, .running:
            guard let deadline = runDeadline else { return [] }
            guard now >= deadline else { return [.wait(until: deadline)] }
            let done = state == .running ? "; \(tasksDone) of \(taskCount) tasks were done" : ""
            return end(
                .failed,
                "the run took longer than run_timeout (\(policy.runTimeout.text))\(done)"
            )
        default: return []
        }
    }

    /// Takes the plan: its tasks, and how the items without a task ended.
    package mutating func planned(
        _ planned: [PlannedTask],
        unassigned: StatusCounts = StatusCounts(),
        now: Timestamp
    ) -> [Action] {
        guard state == .planning else { return [] }
        self.unassigned = unassigned
        state = .running
        tasks = planned.map {
            TaskProgress(attempt: $0.attemptsMade + 1, committed: $0.committed)
        }
        let attempts = liveAttempts
        guard !attempts.isEmpty else { return decide() }
        return [.submit(attempts)] + tick(now: now, watermark: nil)
    }

    /// The plan could not be made.
    package mutating func planFailed(_ reason: String) -> [Action] {
        guard state == .planning else { return [] }
        return end(.failed, "cannot plan the run: \(reason)")
    }

    /// Takes the end of an attempt; an attempt that is not live any more is ignored.
    package mutating func taskEnded(_ ended: TaskAttempt, _ outcome: TaskOutcome) -> [Action] {
        guard state == .running, tasks.indices.contains(ended.task) else { return [] }
        let task = tasks[ended.task]
        guard task.committed == nil, task.attempt == ended.attempt else { return [] }
        switch outcome {
        case .committed(let summary):
            tasks[ended.task].committed = (ended.attempt, summary)
            return tasksDone == taskCount ? decide() : []
        case .died(exitCode: Self.permanentExitCode, let text):
            return end(
                .failed,
                "task \(ended.task) failed for good: \(text ?? "its worker said nothing more")"
            )
        case .preempted, .died(exitCode: Self.preemptedExitCode, _):
            return retryPreempted(ended)
        case .died(let exitCode, let text):
            let ending = exitCode < 0 ? "signal \(-Int(exitCode))" : "exit code \(exitCode)"
            return retryDead(ended, ending + (text.map { ": \($0)" } ?? ""))
        }
    }

    /// Someone wants the run to end; its live attempts are to be stopped.
    package mutating func cancelRequested(reason: String? = nil) -> [Action] {
        guard !state.isFinal, state != .publishing else { return [] }
        return end(.cancelled, reason ?? "cancelled by request")
    }

    /// The publication is committed.
    package mutating func published() -> [Action] {
        guard state == .publishing else { return [] }
        let failures = summary.items.failures
        state = failures > 0 ? .publishedWithFailures : .published
        if failures > 0 {
            message = "\(failures) of \(summary.items.total) items failed"
        }
        return []
    }

    /// The publication was not committed.
    package mutating func publishFailed(_ reason: String, isRetriable: Bool) -> [Action] {
        guard state == .publishing else { return [] }
        guard isRetriable, publishCount < policy.publishCountMax else {
            return end(.failed, "cannot publish: \(reason)")
        }
        message = "publishing again: \(reason)"
        return publish()
    }

    // Decisions.

    private static let permanentExitCode: Int32 = 42
    private static let preemptedExitCode: Int32 = 143

    /// Until when it waits for the watermark.
    package var waitDeadline: Timestamp { createdAt + policy.waitAtMost }

    private var runDeadline: Timestamp? { startedAt.map { $0 + policy.runTimeout } }

    private mutating func tickWaiting(now: Timestamp, watermark: Timestamp?) -> [Action] {
        // An interval that reaches into the future is not waited for: what is there now counts,
        // and what closes later is scored in a new attempt.
        let end = min(interval.end, createdAt)
        let isComplete = watermark.map { $0 >= end } ?? false
        if policy.waitsForWatermark, !isComplete {
            let position =
                watermark.map { time in
                    let seconds = Int64((end - time).inSeconds.rounded(.up))
                    return "is \(time), \(Duration.seconds(seconds).text) before"
                }
                ?? "is not known, no event has arrived, before"
            guard now >= waitDeadline else {
                message =
                    "waits until \(waitDeadline) for the watermark, which \(position) "
                    + "the interval's end"
                return [.wait(until: waitDeadline)]
            }
            startedWithoutWatermark = true
            message =
                "started after waiting \(policy.waitAtMost.text): the watermark \(position) "
                + "the interval's end; windows that close later are scored in a new attempt"
        } else {
            startedWithoutWatermark = !isComplete
            message = nil
        }
        state = .planning
        startedAt = now
        return [.plan]
    }

    private mutating func retryPreempted(_ ended: TaskAttempt) -> [Action] {
        tasks[ended.task].preemptions += 1
        guard tasks[ended.task].preemptions <= policy.preemptionCountMax else {
            return retryDead(ended, "preempted \(tasks[ended.task].preemptions) times")
        }
        return resubmit(ended.task)
    }

    private mutating func retryDead(_ ended: TaskAttempt, _ ending: String) -> [Action] {
        tasks[ended.task].deaths += 1
        let deaths = tasks[ended.task].deaths
        guard deaths <= policy.retryCountMax else {
            return end(
                .failed,
                "task \(ended.task) lost its worker at attempt \(ended.attempt), "
                    + "after which no retry is left: \(ending)"
            )
        }
        message = "task \(ended.task) is tried again after \(ending)"
        return resubmit(ended.task)
    }

    private mutating func resubmit(_ task: Int) -> [Action] {
        tasks[task].attempt += 1
        return [.submit([TaskAttempt(task: task, attempt: tasks[task].attempt)])]
    }

    /// All tasks have committed: publish, or fail above the limit or with nothing scored.
    private mutating func decide() -> [Action] {
        let items = summary.items
        let total = items.total
        guard policy.failedItems.allows(items.failures, of: total) else {
            return end(
                .failed,
                "\(items.failures) of \(total) items failed, more than failed_items "
                    + "(\(policy.failedItems)) allows"
            )
        }
        // A run without any item publishes its empty result: silence would look like a gap.
        guard total == 0 || items[.scored] > 0 else {
            let counts = ItemStatus.allCases.filter { items[$0] > 0 }
                .map { "\(items[$0]) \($0.rawValue)" }
            return end(.failed, "nothing was scored: \(counts.joined(separator: ", "))")
        }
        state = .publishing
        return publish()
    }

    private mutating func publish() -> [Action] {
        publishCount += 1
        return [.publish(withFailures: summary.items.failures > 0)]
    }

    private mutating func end(_ final: State, _ reason: String) -> [Action] {
        let live = liveAttempts
        state = final
        message = reason
        var actions: [Action] = live.isEmpty ? [] : [.cancel(live)]
        if final == .failed { actions.append(.fail(reason: reason)) }
        return actions
    }
}
