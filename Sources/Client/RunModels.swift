package import Core

/// A run as the API shows it.
package struct RunInfo: Sendable, Codable, Equatable {
    package var id: String
    package var pipeline: String
    package var pipelineVersion: Int
    package var fleet: String
    package var fleetVersion: Int?
    package var intervalStart: Timestamp
    package var intervalEnd: Timestamp
    package var attempt: Int
    package var trigger: String
    package var state: String
    package var isFinal: Bool
    package var createdAt: Timestamp
    package var startedAt: Timestamp?
    package var endedAt: Timestamp?
    package var items: StatusCounts
    package var tasks: Int
    package var tasksDone: Int
    package var rows: Int
    package var anomalies: Int
    package var workerSeconds: Double
    package var message: String?
    /// The blob key of the manifest once published, and where a person finds it.
    package var manifest: String?
    package var location: String?

    package init(
        id: String,
        pipeline: String,
        pipelineVersion: Int,
        fleet: String,
        fleetVersion: Int?,
        intervalStart: Timestamp,
        intervalEnd: Timestamp,
        attempt: Int,
        trigger: String,
        state: String,
        isFinal: Bool,
        createdAt: Timestamp,
        startedAt: Timestamp?,
        endedAt: Timestamp?,
        items: StatusCounts,
        tasks: Int,
        tasksDone: Int,
        rows: Int,
        anomalies: Int,
        workerSeconds: Double,
        message: String?,
        manifest: String?,
        location: String?
    ) {
        self.id = id
        self.pipeline = pipeline
        self.pipelineVersion = pipelineVersion
        self.fleet = fleet
        self.fleetVersion = fleetVersion
        self.intervalStart = intervalStart
        self.intervalEnd = intervalEnd
        self.attempt = attempt
        self.trigger = trigger
        self.state = state
        self.isFinal = isFinal
        self.createdAt = createdAt
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.items = items
        self.tasks = tasks
        self.tasksDone = tasksDone
        self.rows = rows
        self.anomalies = anomalies
        self.workerSeconds = workerSeconds
        self.message = message
        self.manifest = manifest
        self.location = location
    }
}

/// A request to run a pipeline now; without an interval, the last complete one of its schedule.
package struct StartRunRequest: Sendable, Codable {
    package var pipeline: String
    /// `START/END` in RFC 3339.
    package var interval: String?

    package init(pipeline: String, interval: String?) {
        self.pipeline = pipeline
        self.interval = interval
    }
}

/// One visible prediction row.
package struct PredictionInfo: Sendable, Codable, Equatable {
    package var key: String
    package var windowStart: Timestamp
    package var windowEnd: Timestamp
    package var features: [Double?]
    package var status: String
    package var score: Double?
    package var isAnomaly: Bool?
    package var threshold: Double?
    package var modelDigest: String?

    package init(
        key: String,
        windowStart: Timestamp,
        windowEnd: Timestamp,
        features: [Double?],
        status: String,
        score: Double?,
        isAnomaly: Bool?,
        threshold: Double?,
        modelDigest: String?
    ) {
        self.key = key
        self.windowStart = windowStart
        self.windowEnd = windowEnd
        self.features = features
        self.status = status
        self.score = score
        self.isAnomaly = isAnomaly
        self.threshold = threshold
        self.modelDigest = modelDigest
    }
}

/// A page of predictions of a run.
package struct PredictionPage: Sendable, Codable, Equatable {
    package var run: String
    package var featureNames: [String]
    package var rows: [PredictionInfo]
    /// Where the next page begins, nil at the end.
    package var nextOffset: Int?

    package init(run: String, featureNames: [String], rows: [PredictionInfo], nextOffset: Int?) {
        self.run = run
        self.featureNames = featureNames
        self.rows = rows
        self.nextOffset = nextOffset
    }
}

/// Everything that made a key's answer in a run.
package struct Explanation: Sendable, Codable, Equatable {
    package struct Model: Sendable, Codable, Equatable {
        package var source: String
        package var digest: String
        package var parameters: [String: String]

        package init(source: String, digest: String, parameters: [String: String]) {
            self.source = source
            self.digest = digest
            self.parameters = parameters
        }
    }

    package var run: String
    package var key: String
    package var status: String
    package var reason: String?
    package var rows: Int
    package var anomalies: Int
    package var featureNames: [String]
    package var predictions: [PredictionInfo]
    /// Nil when the fleet has no model for the key.
    package var model: Model?
    package var findings: [FindingInfo]

    package init(
        run: String,
        key: String,
        status: String,
        reason: String?,
        rows: Int,
        anomalies: Int,
        featureNames: [String],
        predictions: [PredictionInfo],
        model: Model?,
        findings: [FindingInfo]
    ) {
        self.run = run
        self.key = key
        self.status = status
        self.reason = reason
        self.rows = rows
        self.anomalies = anomalies
        self.featureNames = featureNames
        self.predictions = predictions
        self.model = model
        self.findings = findings
    }
}

/// A worker as the API shows it.
package struct WorkerListing: Sendable, Codable, Equatable {
    package var id: String
    package var processID: Int32
    package var startedAt: Timestamp
    package var run: String?
    package var task: Int?
    package var tasksDone: Int

    package init(
        id: String,
        processID: Int32,
        startedAt: Timestamp,
        run: String?,
        task: Int?,
        tasksDone: Int
    ) {
        self.id = id
        self.processID = processID
        self.startedAt = startedAt
        self.run = run
        self.task = task
        self.tasksDone = tasksDone
    }
}

/// One closed window.
package struct WindowInfo: Sendable, Codable, Equatable {
    package var key: String
    package var start: Timestamp
    package var end: Timestamp
    package var count: Int64
    package var sum: Double
    package var mean: Double
    package var min: Double
    package var max: Double
    /// Nil below two readings.
    package var stddev: Double?
    package var first: Double
    package var last: Double
    /// Change from first to last a second; nil where it has no meaning.
    package var rate: Double?
    /// Quantiles by name, such as `p50`; nil when the definition has none.
    package var quantiles: [String: Double]?
    /// How often late events or a rebuild changed the window after it was stored first.
    package var revision: Int = 0

    package init(
        key: String,
        start: Timestamp,
        end: Timestamp,
        count: Int64,
        sum: Double,
        mean: Double,
        min: Double,
        max: Double,
        stddev: Double?,
        first: Double,
        last: Double
    ) {
        self.key = key
        self.start = start
        self.end = end
        self.count = count
        self.sum = sum
        self.mean = mean
        self.min = min
        self.max = max
        self.stddev = stddev
        self.first = first
        self.last = last
    }
}
