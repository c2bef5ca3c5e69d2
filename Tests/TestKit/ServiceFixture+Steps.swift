import Blobs
package import Core
package import Packs
package import Service
package import Store
import Wire

/// What a test waited for in vain.
package struct WaitedTooLong: Error {
    package let what: String
}

extension ServiceFixture {
    /// A moment so many seconds after the start.
    package static func at(_ seconds: Int) -> Timestamp { start + .seconds(seconds) }

    /// The interval between two moments after the start.
    package static func interval(_ from: Int, _ to: Int) throws -> TimeInterval {
        try TimeInterval(start: at(from), end: at(to))
    }

    /// Sends events as a client does; times are seconds after the start.
    @discardableResult
    package func send(_ events: [(key: String, at: Int, value: Double)]) async throws
        -> Ingest.Outcome
    {
        let rows = events.map { event in
            let parts = event.key.split(separator: "/")
            return "\(Self.at(event.at)),\(parts[0]),\(parts[1]),\(event.value)"
        }
        let body = (["time,device,sensor,value"] + rows).joined(separator: "\n")
        return try await ingest.accept(
            Array(body.utf8),
            format: .csv,
            options: DecodeOptions(),
            idempotencyKey: nil,
            source: "test"
        )
    }

    /// Stores closed windows of a minute; `end` is in seconds after the start.
    package func close(_ closed: [(key: String, end: Int, mean: Double)]) async throws {
        var batch = WindowBatch()
        for window in closed {
            let end = Self.at(window.end).microseconds
            batch.append(
                series: batch.series.insert(try SeriesKey(parsing: window.key)),
                start: end - 60_000_000,
                end: end,
                count: 1,
                sum: window.mean,
                mean: window.mean,
                min: window.mean,
                max: window.mean,
                stddev: .nan,
                first: window.mean,
                last: window.mean
            )
        }
        let checkpoint = PartitionCheckpoint(
            partition: 0,
            appliedThrough: 0,
            replayFrom: 0,
            maxEventTime: nil,
            counters: PartitionCounters(),
            snapshot: nil
        )
        let stored = try await windows.checkpoints().first { $0.partition == 0 }
        let commit = WindowCommit(
            checkpoint: checkpoint,
            expectedAppliedThrough: stored?.appliedThrough,
            closed: [("1m", batch)]
        )
        try await windows.commit([commit], at: clock.now)
    }

    /// Publishes a fleet version made of these models and points `production` at it.
    package func publishFleet(_ entries: [PackEntry], name: String = "plant") async throws {
        let number = try await catalog.nextFleetVersion(name)
        let key = "fleets/\(name)/\(number)/pack"
        try await blobs.put(key, TestModels.pack(entries))
        try await catalog.add(
            FleetVersion(
                fleet: name,
                version: number,
                createdAt: clock.now,
                packKey: key,
                packDigest: "digest",
                keyPattern: "model_{device}_{sensor}",
                modelCount: entries.count,
                errorCount: 0,
                warningCount: 0
            )
        )
        try await catalog.setAlias(
            FleetAlias(
                fleet: name,
                alias: "production",
                version: number,
                changedAt: clock.now,
                reason: nil
            )
        )
    }

    /// Publishes a pipeline that does not wait for the watermark unless `schedule` says so.
    @discardableResult
    package func publishPipeline(
        name: String = "plant",
        features: String = "[mean]",
        schedule: String? = "{every: 5m, wait_for: {watermark: false}}",
        more: String = ""
    ) async throws -> PipelineRecord {
        let schedule = schedule.map { "schedule: \($0)\n" } ?? ""
        return try await pipelines.publish(
            yaml: """
                version: 1
                name: \(name)
                windows: 1m
                features: \(features)
                fleet: plant@production
                \(schedule)\(more)

                """,
            file: "\(name).yaml"
        )
    }

    /// Runs a driver until a condition holds, then stops it as a shutdown does.
    package func drive(
        _ driver: RunDriver,
        until what: String,
        _ condition: () async throws -> Bool
    ) async throws {
        let running = Task { try await driver.run() }
        do {
            try await wait(until: what, condition)
        } catch {
            running.cancel()
            throw error
        }
        running.cancel()
        try await running.value
    }

    /// Runs a driver until no run is unfinished.
    package func driveAll(_ driver: RunDriver) async throws {
        try await drive(driver, until: "every run has ended") {
            try await catalog.unfinishedRuns().isEmpty
        }
    }

    /// Returns once a condition holds.
    ///
    /// - Throws: ``WaitedTooLong`` after three minutes: the other suites may keep all cores busy.
    package func wait(until what: String, _ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(180)
        while try await !condition() {
            guard ContinuousClock.now < deadline else { throw WaitedTooLong(what: what) }
            try await Task.sleep(for: .milliseconds(1))
        }
    }
}

extension WindowStore {
    /// The kept events of a reason, newest first.
    package func letters(_ reason: DeadLetterReason? = nil) async throws -> [DeadLetter] {
        try await deadLetters(DeadLetterFilter(reason: reason), before: nil, limit: 10_000)
            .map(\.letter)
    }
}
