package import Core

/// Everything the tasks of a run share; stored as `runs/{id}/plan.json`.
package struct RunPlan: Sendable, Codable {
    package var run: String
    /// The run's attempt of its interval, which the rows carry.
    package var attempt: Int
    package var pipeline: String
    package var pipelineVersion: Int
    package var interval: TimeInterval
    package var fleet: String
    package var fleetVersion: Int
    package var packKey: String
    package var features: [String]
    package var format: OutputFormat
    /// The folder of the run's parts, without a trailing `/`.
    package var predictionsPrefix: String
    package var tasks: [TaskPlan]
    /// Whether keys without a model are scored by the fleet's fallback model; absent: no.
    package var usesFallback: Bool?

    package init(
        run: String,
        attempt: Int,
        pipeline: String,
        pipelineVersion: Int,
        interval: TimeInterval,
        fleet: String,
        fleetVersion: Int,
        packKey: String,
        features: [String],
        format: OutputFormat,
        predictionsPrefix: String,
        tasks: [TaskPlan]
    ) {
        self.run = run
        self.attempt = attempt
        self.pipeline = pipeline
        self.pipelineVersion = pipelineVersion
        self.interval = interval
        self.fleet = fleet
        self.fleetVersion = fleetVersion
        self.packKey = packKey
        self.features = features
        self.format = format
        self.predictionsPrefix = predictionsPrefix
        self.tasks = tasks
    }

    package static func key(run: String) -> String { "runs/\(run)/plan.json" }
}

/// How prediction parts are written.
package enum OutputFormat: String, Sendable, Codable, CaseIterable {
    case parquet, csv
}

/// One task: a contiguous range of keys.
package struct TaskPlan: Sendable, Codable {
    package var index: Int
    /// Models of the pack in this range, by position.
    package var models: Range<Int>
    /// Keys with windows, and rows, in the task's feature snapshot.
    package var keyCount: Int
    package var rowCount: Int
    /// What an earlier run published of this range; absent when all keys are scored.
    ///
    /// The snapshot then holds the keys that are scored anew, and the others keep their rows.
    package var previous: PreviousPart?

    /// Where the rows and items of an earlier run's task are.
    package struct PreviousPart: Sendable, Codable, Equatable {
        /// The rows as Parquet, nil when the task had none.
        package var tableKey: String?
        package var itemsKey: String

        package init(tableKey: String?, itemsKey: String) {
            self.tableKey = tableKey
            self.itemsKey = itemsKey
        }
    }

    package init(index: Int, models: Range<Int>, keyCount: Int, rowCount: Int) {
        self.index = index
        self.models = models
        self.keyCount = keyCount
        self.rowCount = rowCount
    }
}

/// The blob keys of one task of a run.
package struct TaskKeys: Sendable {
    package let run: String
    package let task: Int

    package init(run: String, task: Int) {
        self.run = run
        self.task = task
    }

    package var features: String { "runs/\(run)/tasks/\(task)/features.parquet" }
    package func items(attempt: Int) -> String { folder(attempt) + "/items.parquet" }
    /// The rows as Parquet when the part has another format.
    package func table(attempt: Int) -> String { folder(attempt) + "/predictions.parquet" }
    package func log(attempt: Int) -> String { folder(attempt) + "/log.txt" }
    /// Written last: proves that the attempt's part and items are complete.
    package func result(attempt: Int) -> String { folder(attempt) + "/result.json" }

    private func folder(_ attempt: Int) -> String {
        "runs/\(run)/tasks/\(task)/attempt=\(attempt)"
    }
}

/// What an attempt of a task produced; its presence is the task's completion.
package struct TaskResult: Sendable, Codable, Equatable {
    package var task: Int
    package var attempt: Int
    /// The part, nil when the task has no rows.
    package var part: PartInfo?
    /// Where the rows are as Parquet; nil when the task has no rows.
    package var tableKey: String?
    package var items: StatusCounts
    package var anomalyCount: Int
    package var seconds: Double

    package init(
        task: Int,
        attempt: Int,
        part: PartInfo?,
        tableKey: String?,
        items: StatusCounts,
        anomalyCount: Int,
        seconds: Double
    ) {
        self.task = task
        self.attempt = attempt
        self.part = part
        self.tableKey = tableKey
        self.items = items
        self.anomalyCount = anomalyCount
        self.seconds = seconds
    }
}

/// A published object of predictions.
package struct PartInfo: Sendable, Codable, Equatable {
    /// Its blob key; in a manifest, its name beside the manifest.
    package var key: String
    package var rowCount: Int
    package var byteCount: Int
    /// Hex SHA-256 of the object, for checking transport.
    package var sha256: String

    package init(key: String, rowCount: Int, byteCount: Int, sha256: String) {
        self.key = key
        self.rowCount = rowCount
        self.byteCount = byteCount
        self.sha256 = sha256
    }
}

/// The commit record of a publication; names every part.
package struct Manifest: Sendable, Codable {
    package var formatVersion = 1
    package var run: String
    package var attempt: Int
    package var pipeline: String
    package var pipelineVersion: Int
    package var interval: TimeInterval?
    package var fleet: String
    package var fleetVersion: Int?
    package var packDigest: String?
    package var features: [String]
    package var format: String
    package var createdAt: Timestamp
    package var items: StatusCounts
    package var rowCount: Int
    package var anomalyCount: Int
    /// What readers should know, such as "the watermark had not reached the interval's end".
    package var notes: [String]
    package var parts: [PartInfo]

    package init(
        run: String,
        attempt: Int,
        pipeline: String,
        pipelineVersion: Int,
        interval: TimeInterval?,
        fleet: String,
        fleetVersion: Int?,
        packDigest: String?,
        features: [String],
        format: String,
        createdAt: Timestamp,
        items: StatusCounts,
        rowCount: Int,
        anomalyCount: Int,
        notes: [String],
        parts: [PartInfo]
    ) {
        self.run = run
        self.attempt = attempt
        self.pipeline = pipeline
        self.pipelineVersion = pipelineVersion
        self.interval = interval
        self.fleet = fleet
        self.fleetVersion = fleetVersion
        self.packDigest = packDigest
        self.features = features
        self.format = format
        self.createdAt = createdAt
        self.items = items
        self.rowCount = rowCount
        self.anomalyCount = anomalyCount
        self.notes = notes
        self.parts = parts
    }
}
