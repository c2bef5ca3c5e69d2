import Core
import Testing

@Suite("Aggregates by name")
struct AggregateTests {
    @Test("The digits of a quantile are its decimals")
    func quantileNames() {
        for (name, point) in [
            ("p50", 0.5), ("p05", 0.05), ("p95", 0.95), ("p999", 0.999), ("p000001", 0.000_001),
        ] {
            #expect(Aggregate(rawValue: name)?.quantile == point)
            #expect(Aggregate.quantile(point)?.rawValue == name)
            #expect(Aggregate.quantile(point) == Aggregate(rawValue: name))
        }
    }

    @Test(
        "Other names are no aggregates",
        arguments: ["", "p", "p5", "p00", "p500", "p0000001", "p-5", "p5x", "median", "Mean"]
    )
    func refused(name: String) {
        #expect(Aggregate(rawValue: name) == nil)
    }

    @Test("Points that no name has are refused", arguments: [0, 1, -0.5, 2, 1e-7, 1.0 / 3])
    func refusedPoints(point: Double) {
        #expect(Aggregate.quantile(point) == nil)
    }

    @Test("Fixed names are listed and read the columns of a row")
    func values() throws {
        let names = Aggregate.fixedNames.map(\.rawValue)
        #expect(
            names == ["count", "sum", "mean", "min", "max", "stddev", "first", "last", "rate"]
        )
        var batch = WindowBatch(quantilePoints: [0.5, 0.95])
        let id = batch.series.insert(SeriesKey(uncheckedDevice: "d", sensor: "s"))
        batch.append(
            series: id,
            start: 0,
            end: 10,
            count: 1,
            sum: 2,
            mean: 3,
            min: 4,
            max: 5,
            stddev: 6,
            first: 7,
            last: 8,
            rate: 9,
            revision: 1,
            quantiles: [10, 11]
        )
        #expect(Aggregate.fixedNames.map { batch.value($0, at: 0) } == [1, 2, 3, 4, 5, 6, 7, 8, 9])
        let p95 = try #require(Aggregate(rawValue: "p95"))
        let p99 = try #require(Aggregate(rawValue: "p99"))
        #expect(batch.value(p95, at: 0) == 11)
        #expect(batch.value(p99, at: 0).isNaN)
    }

    @Test("Batches with other quantiles join: a row lacks those of the other batch")
    func joining() {
        let key = SeriesKey(uncheckedDevice: "d", sensor: "s")
        var batches: [WindowBatch] = []
        for point in [0.5, 0.9] {
            var batch = WindowBatch(quantilePoints: [point])
            let id = batch.series.insert(key)
            batch.append(
                series: id,
                start: 0,
                end: 1,
                count: 1,
                sum: 0,
                mean: 0,
                min: 0,
                max: 0,
                stddev: 0,
                first: 0,
                last: 0,
                quantiles: [point]
            )
            batches.append(batch)
        }
        var joined = batches[0]
        joined.append(contentsOf: batches[1])
        #expect(joined.quantilePoints == [0.5, 0.9])
        #expect(joined.quantile(0.5, at: 0) == 0.5)
        #expect(joined.quantile(0.5, at: 1).isNaN)
        #expect(joined.slice(1..<2).quantile(0.9, at: 0) == 0.9)
        #expect(joined.revisions == [0, 0])
    }
}
