import Core
import Pipelines
import Store
import TestKit
import Testing

@testable import Service

@Suite("Feature rows of windows")
struct FeatureBuilderTests {
    private func windows(_ rows: [(key: String, end: Int64, mean: Double)]) throws -> WindowBatch {
        var batch = WindowBatch()
        for row in rows {
            batch.append(
                series: batch.series.insert(try SeriesKey(parsing: row.key)),
                start: row.end - 10,
                end: row.end,
                count: 2,
                sum: row.mean * 2,
                mean: row.mean,
                min: row.mean - 1,
                max: row.mean + 1,
                stddev: .nan,
                first: 0,
                last: 0
            )
        }
        return batch
    }

    private func text(_ batch: FeatureBatch) -> [String] {
        batch.keys.indices.flatMap { key in
            batch.rows(of: key).map { row in
                let values = batch.values[
                    (row * batch.featureCount)..<((row + 1) * batch.featureCount)
                ]
                return "\(batch.keys[key]) \(batch.starts[row]) \(batch.ends[row]) \(Array(values))"
            }
        }
    }

    @Test("a pipeline per series has a row per window with its aggregates in order")
    func perSeries() throws {
        let builder = FeatureBuilder(features: .series([.max, .mean, .stddev]))
        let rows = builder.rows(
            of: try windows([("a/s", 10, 1), ("a/s", 20, 2), ("b/s", 10, 3)])
        )
        #expect(rows.featureNames == ["max", "mean", "stddev"])
        #expect(
            text(rows) == [
                "a/s 0 10 [2.0, 1.0, nan]", "a/s 10 20 [3.0, 2.0, nan]",
                "b/s 0 10 [4.0, 3.0, nan]",
            ]
        )
    }

    @Test("a pipeline per device has a row per window end, missing sensors are NaN")
    func perDevice() throws {
        let builder = FeatureBuilder(
            features: .device([
                .init(sensor: "v", aggregate: .max), .init(sensor: "t", aggregate: .mean),
                .init(sensor: "t", aggregate: .min),
            ])
        )
        let rows = builder.rows(
            of: try windows([
                ("a/other", 10, 9), ("a/t", 20, 2), ("a/t", 30, 3), ("a/v", 10, 5), ("a/v", 30, 6),
                ("b/other", 10, 9), ("c/v", 10, 7),
            ])
        )
        #expect(rows.featureNames == ["v.max", "t.mean", "t.min"])
        #expect(
            text(rows) == [
                "a 0 10 [6.0, nan, nan]", "a 10 20 [nan, 2.0, 1.0]", "a 20 30 [7.0, 3.0, 2.0]",
                "c 0 10 [8.0, nan, nan]",
            ]
        )
        #expect(rows.keys.allSatisfy { $0.isDevice })
    }

    @Test("models of whole devices score in a run, a row with a missing sensor fails alone")
    func deviceRun() async throws {
        let fixture = try ServiceFixture()
        try await fixture.publishFleet([TestModels.entry("a", features: 2)])
        try await fixture.close([
            ("a/t", 60, 20), ("a/v", 60, 20), ("a/t", 120, 20), ("a/t", 180, 20), ("a/v", 180, 30),
        ])
        try await fixture.publishPipeline(
            features: "[t.mean, v.max]",
            more: "limits: {failed_items: 100%}"
        )
        let driver = fixture.makeDriver()
        let id = try await driver.start(
            pipeline: "plant",
            interval: ServiceFixture.interval(0, 300)
        ).id
        try await fixture.driveAll(driver)
        let run = try await fixture.catalog.run(id)
        // One item: it takes the worst status of its windows, so nothing counts as scored.
        #expect(run.items[.failed] == 1 && run.items.total == 1)
        #expect(run.state == .failed, "\(run.message ?? "")")
    }
}
