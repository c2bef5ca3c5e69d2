package import Core

extension RunMachine {
    /// The states of a run; their names are those of the catalog.
    package enum State: String, Sendable, Codable, CaseIterable {
        case waiting, planning, running, publishing, published
        case publishedWithFailures = "published_with_failures"
        case failed, cancelled

        package var isFinal: Bool {
            switch self {
            case .published, .publishedWithFailures, .failed, .cancelled: true
            case .waiting, .planning, .running, .publishing: false
            }
        }
    }

    /// What a run may take and tolerate.
    package struct Policy: Sendable, Equatable {
        package var waitsForWatermark = true
        package var waitAtMost = Duration.seconds(600)
        package var failedItems = FailureLimit.percent(10)
        package var runTimeout = Duration.seconds(3600)
        /// Further attempts of a task whose worker died.
        package var retryCountMax = 2
        /// Further attempts of a task whose worker was asked to stop; they cost no retry.
        package var preemptionCountMax = 20
        /// Attempts to publish while the failure can pass.
        package var publishCountMax = 5

        package init() {}

        /// The policy that a document states.
        package init(_ document: PipelineDocument) {
            if let schedule = document.schedule {
                waitsForWatermark = schedule.waitsForWatermark
                waitAtMost = schedule.waitAtMost
            }
            failedItems = document.limits.failedItems
            runTimeout = document.limits.runTimeout
            retryCountMax = document.limits.retries
        }
    }

    /// One execution of one task; attempts count from 1.
    package struct TaskAttempt: Sendable, Hashable {
        package let task: Int
        package let attempt: Int

        package init(task: Int, attempt: Int) {
            self.task = task
            self.attempt = attempt
        }
    }

    /// What a committed task says about its items.
    package struct TaskSummary: Sendable, Equatable {
        package var items: StatusCounts
        package var rowCount: Int
        package var anomalyCount: Int
        package var workerSeconds: Double

        package init(
            items: StatusCounts = StatusCounts(),
            rowCount: Int = 0,
            anomalyCount: Int = 0,
            workerSeconds: Double = 0
        ) {
            self.items = items
            self.rowCount = rowCount
            self.anomalyCount = anomalyCount
            self.workerSeconds = workerSeconds
        }

        package static func + (left: TaskSummary, right: TaskSummary) -> TaskSummary {
            TaskSummary(
                items: left.items + right.items,
                rowCount: left.rowCount + right.rowCount,
                anomalyCount: left.anomalyCount + right.anomalyCount,
                workerSeconds: left.workerSeconds + right.workerSeconds
            )
        }
    }

    /// A task as planning found it; after a restart it may have attempts behind it.
    package struct PlannedTask: Sendable, Equatable {
        /// Attempts made before, so that numbers are never used twice.
        package var attemptsMade: Int
        /// The committed attempt that was found, if any.
        package var committed: (attempt: Int, summary: TaskSummary)?

        package init(attemptsMade: Int = 0) {
            self.attemptsMade = max(0, attemptsMade)
        }

        /// A task that an earlier life of the server saw through.
        package init(committedAttempt attempt: Int, summary: TaskSummary) {
            attemptsMade = max(1, attempt)
            committed = (attempt, summary)
        }

        package static func == (left: PlannedTask, right: PlannedTask) -> Bool {
            left.attemptsMade == right.attemptsMade
                && left.committed?.attempt == right.committed?.attempt
                && left.committed?.summary == right.committed?.summary
        }
    }

    /// How an attempt of a task ended.
    package enum TaskOutcome: Sendable, Equatable {
        /// Its part and item statuses are stored.
        case committed(TaskSummary)
        /// The worker is gone without a committed part (negative: killed by that signal).
        case died(exitCode: Int32, message: String?)
        /// The worker was asked to stop, by the scheduler of the machine or by scale-down.
        case preempted
    }

    /// What the shell around the machine does next.
    package enum Action: Sendable, Equatable {
        /// Call `tick` at this time, or earlier when the watermark moves.
        case wait(until: Timestamp)
        case plan
        case submit([TaskAttempt])
        case cancel([TaskAttempt])
        case publish(withFailures: Bool)
        /// The run has failed for this reason, one line.
        case fail(reason: String)
    }
}
