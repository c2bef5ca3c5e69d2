package import Core

/// A pipeline as the API shows it.
package struct PipelineInfo: Sendable, Codable, Equatable {
    package var name: String
    package var version: Int
    package var publishedAt: Timestamp
    package var paused: Bool
    package var schedule: String?
    package var fleet: String
    package var windows: String
    package var nextFireTimes: [Timestamp]
    package var lastRun: RunInfo?
    package var document: String
    package var skipped: [SkippedInfo]

    package init(
        name: String,
        version: Int,
        publishedAt: Timestamp,
        paused: Bool,
        schedule: String?,
        fleet: String,
        windows: String,
        nextFireTimes: [Timestamp],
        lastRun: RunInfo?,
        document: String,
        skipped: [SkippedInfo]
    ) {
        self.name = name
        self.version = version
        self.publishedAt = publishedAt
        self.paused = paused
        self.schedule = schedule
        self.fleet = fleet
        self.windows = windows
        self.nextFireTimes = nextFireTimes
        self.lastRun = lastRun
        self.document = document
        self.skipped = skipped
    }
}

/// A schedule's trigger that made no run.
package struct SkippedInfo: Sendable, Codable, Equatable {
    package var intervalStart: Timestamp
    package var intervalEnd: Timestamp
    package var reason: String

    package init(intervalStart: Timestamp, intervalEnd: Timestamp, reason: String) {
        self.intervalStart = intervalStart
        self.intervalEnd = intervalEnd
        self.reason = reason
    }
}

/// A problem of a document, with its place.
package struct ProblemInfo: Sendable, Codable, Equatable {
    package var file: String
    package var line: Int
    package var path: String
    package var message: String

    package init(file: String, line: Int, path: String, message: String) {
        self.file = file
        self.line = line
        self.path = path
        self.message = message
    }
}
