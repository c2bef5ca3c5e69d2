package import Core

/// What the server knows of itself: sources, lag, windows; `GET /v1/status`.
package struct StatusInfo: Sendable, Codable, Equatable {
    package struct Partition: Sendable, Codable, Equatable {
        package var partition: Int
        package var events: Int64
        package var lag: Int64
        package var maxEventTime: Timestamp?
        package var openWindows: Int
        package var series: Int

        package init(
            partition: Int,
            events: Int64,
            lag: Int64,
            maxEventTime: Timestamp?,
            openWindows: Int,
            series: Int
        ) {
            self.partition = partition
            self.events = events
            self.lag = lag
            self.maxEventTime = maxEventTime
            self.openWindows = openWindows
            self.series = series
        }
    }

    package struct Definition: Sendable, Codable, Equatable {
        package var name: String
        /// `tumbling`, `hopping` or `session`, with what else says how windows lie.
        package var kind: String
        package var size: String
        package var allowedLateness: String
        /// What becomes of late events: `drop`, `adjust` or `correct`.
        package var latePolicy: String
        /// How long windows are kept; nil for ever.
        package var retention: String?
        package var windowed: Int64
        package var filtered: Int64
        package var late: Int64
        /// Late events that count in a later window.
        package var adjusted: Int64
        /// Late events that changed a closed window.
        package var corrected: Int64
        package var closed: Int64
        /// Windows are closed through this moment; nil when nothing ever came.
        package var watermark: Timestamp?

        package init(
            name: String,
            kind: String,
            size: String,
            allowedLateness: String,
            latePolicy: String,
            retention: String?,
            windowed: Int64,
            filtered: Int64,
            late: Int64,
            adjusted: Int64,
            corrected: Int64,
            closed: Int64,
            watermark: Timestamp?
        ) {
            self.name = name
            self.kind = kind
            self.size = size
            self.allowedLateness = allowedLateness
            self.latePolicy = latePolicy
            self.retention = retention
            self.windowed = windowed
            self.filtered = filtered
            self.late = late
            self.adjusted = adjusted
            self.corrected = corrected
            self.closed = closed
            self.watermark = watermark
        }
    }

    /// What feeds events in besides HTTP.
    package struct Source: Sendable, Codable, Equatable {
        package var name: String
        /// `connected`, or why not: `connecting`, `waiting` and so on.
        package var phase: String
        package var connectedSince: Timestamp?
        /// Messages that came in, and those acknowledged as durable.
        package var received: Int
        package var acknowledged: Int
        package var pending: Int
        package var lastError: String?
        package var lastErrorAt: Timestamp?

        package init(name: String, phase: String, received: Int, acknowledged: Int, pending: Int) {
            self.name = name
            self.phase = phase
            self.received = received
            self.acknowledged = acknowledged
            self.pending = pending
        }
    }

    package var version: String
    package var startedAt: Timestamp
    package var accepted: Int64
    package var duplicates: Int64
    /// Events durable but not in windows yet.
    package var lag: Int64
    package var problem: String?
    package var partitions: [Partition]
    package var definitions: [Definition]
    package var sources: [Source] = []
    /// Events that are in no window, by reason and definition.
    package var counts: [EventCountInfo] = []

    package init(
        version: String,
        startedAt: Timestamp,
        accepted: Int64,
        duplicates: Int64,
        lag: Int64,
        problem: String?,
        partitions: [Partition],
        definitions: [Definition]
    ) {
        self.version = version
        self.startedAt = startedAt
        self.accepted = accepted
        self.duplicates = duplicates
        self.lag = lag
        self.problem = problem
        self.partitions = partitions
        self.definitions = definitions
    }
}

/// The product's version.
package enum ProductVersion {
    package static let current = "0.1.0"
}
