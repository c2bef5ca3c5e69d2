/// The tickets of a compute target: who waits, who runs, how the others ended.
///
/// The submission with the fewest running tickets goes first; equal ones in order of arrival.
struct TicketQueue {
    private struct Entry {
        var state: TaskState
        var submission: Int
    }

    private struct Submission {
        var waiting: [TaskTicket]
        var next = 0
        var runningCount = 0
        let runningCountMax: Int

        /// How many of its tickets may start now, cancelled ones included.
        var startableCount: Int {
            max(0, min(waiting.count - next, runningCountMax - runningCount))
        }
    }

    private var entries: [TaskTicket: Entry] = [:]
    private var submissions: [Int: Submission] = [:]
    private var nextSubmission = 0
    /// Ended tickets, oldest first, so that the oldest can be forgotten.
    private var ended: [TaskTicket] = []
    private let endedCountMax: Int

    init(endedCountMax: Int = 100_000) {
        self.endedCountMax = endedCountMax
    }

    /// Queues tickets that are not known yet; at most so many of them run at once.
    mutating func submit(_ tickets: [TaskTicket], runningCountMax: Int, reason: String) {
        var waiting: [TaskTicket] = []
        for ticket in tickets where entries[ticket] == nil {
            entries[ticket] = Entry(state: .pending(reason: reason), submission: nextSubmission)
            waiting.append(ticket)
        }
        guard !waiting.isEmpty else { return }
        submissions[nextSubmission] = Submission(
            waiting: waiting,
            runningCountMax: max(1, runningCountMax)
        )
        nextSubmission += 1
    }

    /// How many tickets could start now if there were workers for them.
    var startableCount: Int { submissions.values.reduce(0) { $0 + $1.startableCount } }

    /// Takes the next ticket and notes where it runs; nil when none may start.
    mutating func start(on node: String) -> TaskTicket? {
        while true {
            let candidate = submissions.filter { $0.value.startableCount > 0 }
                .min { ($0.value.runningCount, $0.key) < ($1.value.runningCount, $1.key) }
            guard let id = candidate?.key, var submission = submissions[id] else { return nil }
            let ticket = submission.waiting[submission.next]
            submission.next += 1
            guard case .pending = entries[ticket]?.state else {
                store(submission, id)
                continue
            }
            submission.runningCount += 1
            store(submission, id)
            entries[ticket]?.state = .running(node: node)
            return ticket
        }
    }

    /// Notes how a ticket ended; one that already ended keeps its first end.
    mutating func finish(_ ticket: TaskTicket, exitCode: Int32, message: String?) {
        guard let entry = entries[ticket] else { return }
        switch entry.state {
        case .gone: return
        case .running:
            if var submission = submissions[entry.submission] {
                submission.runningCount -= 1
                store(submission, entry.submission)
            }
        case .pending: break
        }
        entries[ticket]?.state = .gone(exitCode: exitCode, message: message)
        ended.append(ticket)
        guard ended.count >= endedCountMax * 2 else { return }
        for old in ended.prefix(endedCountMax) { entries[old] = nil }
        ended.removeFirst(endedCountMax)
    }

    /// Ends every pending ticket.
    mutating func finishPending(exitCode: Int32, message: String) {
        for (ticket, entry) in entries {
            if case .pending = entry.state {
                finish(ticket, exitCode: exitCode, message: message)
            }
        }
        submissions = submissions.filter { $0.value.runningCount > 0 }
    }

    /// Tells pending tickets why they wait.
    mutating func explainPending(_ reason: String) {
        for (ticket, entry) in entries {
            if case .pending = entry.state { entries[ticket]?.state = .pending(reason: reason) }
        }
    }

    /// Where a ticket is; one it does not know is gone with exit code -1.
    func state(of ticket: TaskTicket) -> TaskState {
        entries[ticket]?.state ?? .gone(exitCode: -1, message: "the ticket is not known here")
    }

    private mutating func store(_ submission: Submission, _ id: Int) {
        let isDone = submission.next == submission.waiting.count && submission.runningCount == 0
        submissions[id] = isDone ? nil : submission
    }
}
