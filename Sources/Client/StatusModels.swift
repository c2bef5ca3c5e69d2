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
        package var size: String
        package var allowedLateness: String
        package var windowed: Int64
        package var filtered: Int64
        package var late: Int64
        package var closed: Int64
        /// Windows are closed through this moment; nil when nothing ever came.
        package var watermark: Timestamp?

        package init(
            name: String,
            size: String,
            allowedLateness: String,
            windowed: Int64,
            filtered: Int64,
            late: Int64,
            closed: Int64,
            watermark: Timestamp?
        ) {
            self.name = name
            self.size = size
            self.allowedLateness = allowedLateness
            self.windowed = windowed
            self.filtered = filtered
            self.late = late
            self.closed = closed
            self.watermark = watermark
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
