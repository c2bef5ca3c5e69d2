package import Core
package import Store

/// A named check that a catalog must pass; every check gets a new, empty one.
package struct CatalogCheck: Sendable, CustomStringConvertible {
    package let description: String
    package let run: @Sendable (any Catalog) async throws -> Void

    init(_ name: String, _ run: @escaping @Sendable (any Catalog) async throws -> Void) {
        description = name
        self.run = run
    }
}

/// A named check that a window store must pass; every check gets a new, empty one.
package struct WindowStoreCheck: Sendable, CustomStringConvertible {
    package let description: String
    package let run: @Sendable (any WindowStore) async throws -> Void

    init(_ name: String, _ run: @escaping @Sendable (any WindowStore) async throws -> Void) {
        description = name
        self.run = run
    }
}

/// A promise of a store seam that an implementation does not keep.
package struct StoreContractFailure: Error, CustomStringConvertible {
    package let description: String
}

/// Throws unless both values are equal.
func same<Value: Equatable>(
    _ actual: Value,
    _ expected: Value,
    _ what: String = "",
    file: String = #fileID,
    line: Int = #line
) throws {
    if actual == expected { return }
    throw StoreContractFailure(
        description: "\(file):\(line) \(what) is \(actual), expected \(expected)"
    )
}

/// Throws unless the body throws a ``FleetError`` of this code.
func refuses(
    _ code: FleetErrorCode,
    file: String = #fileID,
    line: Int = #line,
    _ body: () async throws -> Void
) async throws {
    do {
        try await body()
    } catch let error as FleetError where error.code == code {
        return
    } catch {
        throw StoreContractFailure(
            description: "\(file):\(line) expected .\(code.rawValue), was \(error)"
        )
    }
    throw StoreContractFailure(description: "\(file):\(line) expected .\(code.rawValue)")
}

/// Short ways to write the values that store tests use.
package enum StoreSamples {
    /// The moment so many minutes after 2018-08-28T00:00:00Z.
    package static func minute(_ minute: Int64) -> Timestamp {
        Timestamp(seconds: 1_535_414_400 + minute * 60)
    }

    /// The interval of window ends between two minutes.
    package static func interval(_ from: Int64, _ to: Int64) throws -> TimeInterval {
        try TimeInterval(start: minute(from), end: minute(to))
    }

    /// One-minute windows, each given by its key and the minute it ends at.
    package static func windows(_ rows: [(SeriesKey, Int64)]) -> WindowBatch {
        var batch = WindowBatch()
        for (key, end) in rows {
            let value = Double(end) + 0.1
            batch.append(
                series: batch.series.insert(key),
                start: minute(end - 1).microseconds,
                end: minute(end).microseconds,
                count: end + 1,
                sum: value * Double(end + 1),
                mean: value,
                min: value - 1,
                max: value + 1,
                stddev: end == 1 ? .nan : 0.5,
                first: value,
                last: value
            )
        }
        return batch
    }

    package static func checkpoint(
        _ partition: Int,
        through offset: Int64,
        snapshot: [UInt8]? = nil
    ) -> PartitionCheckpoint {
        var counters = PartitionCounters()
        counters.accepted = offset
        counters.definitions["1m", default: DefinitionCounters()].windowed = offset
        return PartitionCheckpoint(
            partition: partition,
            appliedThrough: offset,
            replayFrom: offset / 2,
            maxEventTime: offset == 0 ? nil : minute(offset).microseconds,
            counters: counters,
            snapshot: snapshot
        )
    }

    package static func commit(
        _ rows: [(SeriesKey, Int64)],
        through offset: Int64 = 1,
        partition: Int = 0,
        expected: Int64? = nil
    ) -> WindowCommit {
        WindowCommit(
            checkpoint: checkpoint(partition, through: offset),
            expectedAppliedThrough: expected,
            closed: rows.isEmpty ? [] : [("1m", windows(rows))]
        )
    }

    /// Event times by key, given in minutes.
    package static func seen(_ times: [(SeriesKey, Int64)]) -> SeenTimes {
        var seen = SeenTimes(series: SeriesDictionary())
        for (key, time) in times {
            seen.ids.append(seen.series.insert(key))
            seen.times.append(minute(time).microseconds)
        }
        return seen
    }

    /// A dead letter of the log.
    package static func letter(
        _ reason: DeadLetterReason,
        _ offset: Int64?,
        device: String = "a",
        definition: String? = nil
    ) -> DeadLetter {
        DeadLetter(
            receivedAt: minute(offset ?? 0),
            reason: reason,
            source: offset == nil ? "http" : "log",
            definition: definition,
            device: device,
            sensor: "t",
            time: minute(1),
            value: 1.5,
            text: offset == nil ? "{\"é\": 1}" : nil,
            partition: offset == nil ? nil : 0,
            offset: offset
        )
    }

    package static func key(_ device: String, _ sensor: String = "t") -> SeriesKey {
        SeriesKey(uncheckedDevice: device, sensor: sensor)
    }

    /// One prediction a key for the window that ends at a minute; `anomalous` keys are anomalies.
    package static func predictions(
        _ keys: [SeriesKey],
        end: Int64,
        anomalous: Set<SeriesKey> = [],
        features: [String] = ["mean", "max"]
    ) -> PredictionBatch {
        var rows = PredictionRows(featureNames: features)
        for key in keys {
            let row = PredictionRow(
                key: key,
                start: minute(end - 1).microseconds,
                end: minute(end).microseconds,
                status: .scored,
                score: anomalous.contains(key) ? -0.1 : 1.0 / 3,
                anomaly: anomalous.contains(key) ? 1 : 0,
                threshold: 0,
                modelDigest: String(repeating: "0f", count: 32),
                coverage: .nan,
                features: features.indices.map { Double(end) + Double($0) / 10 }
            )
            rows.append(row, featureNames: features)
        }
        return rows.batch
    }

    package static func publication(
        run: String,
        attempt: Int,
        _ from: Int64,
        _ to: Int64
    ) throws -> Publication {
        Publication(
            pipeline: "plant",
            interval: try interval(from, to),
            run: run,
            attempt: attempt,
            manifestKey: "manifest-\(run)",
            publishedAt: minute(to + 1)
        )
    }
}

extension WindowStore {
    /// Commits after whatever is stored of the partition.
    package func commitNext(_ commit: WindowCommit, at now: Timestamp) async throws {
        var commit = commit
        commit.expectedAppliedThrough = try await checkpoints()
            .first { $0.partition == commit.checkpoint.partition }?.appliedThrough
        try await self.commit([commit], at: now)
    }
}
