import Testing

@testable import Windowing

@Suite("Quantile sketches")
struct QuantileSketchTests {
    private func entries(_ pool: SketchPool, _ sketch: Int32) -> [String] {
        var result = ["level \(pool.sketches[Int(sketch)].level)"]
        pool.forEach(sketch) { result.append("\($0) \($1)") }
        return result
    }

    @Test("The middle of a bucket is within one percent of every value in it")
    func middles() {
        var random = SeededRandom(seed: 1)
        let bound = QuantileBuckets.relativeError(level: 0)
        #expect(bound <= 0.01)
        for _ in 0..<200_000 {
            let exponent = Double.random(in: -300...300, using: &random)
            let magnitude =
                (1 + random.double(0...1))
                * Double(sign: .plus, exponent: Int(exponent), significand: 1)
            let value = random.chance(50) ? magnitude : -magnitude
            let middle = QuantileBuckets.middle(of: QuantileBuckets.key(of: value), level: 0)
            #expect(abs(middle - value) <= bound * abs(value) * (1 + 1e-12))
        }
    }

    @Test(
        "Zero, the tiniest and the largest numbers have buckets",
        arguments: [
            0, Double.leastNonzeroMagnitude, 1e-300, .leastNormalMagnitude, 1e-9, 1,
            .greatestFiniteMagnitude,
        ]
    )
    func extremes(value: Double) {
        for signed in [value, -value] {
            let middle = QuantileBuckets.middle(of: QuantileBuckets.key(of: signed), level: 0)
            let error = abs(middle - signed)
            #expect(error <= 0.01 * abs(signed) || error <= .leastNonzeroMagnitude)
        }
        _ = QuantileBuckets.key(of: .infinity)
        #expect(QuantileBuckets.key(of: .nan) == 0)
    }

    @Test("Keys are ordered as values are, at every level")
    func order() {
        var random = SeededRandom(seed: 2)
        let values = (0..<3000).map { _ in
            random.double(-1...1)
                * Double(
                    sign: .plus,
                    exponent: Int.random(in: -90...90, using: &random),
                    significand: 1
                )
        }.sorted()
        var keys = values.map { QuantileBuckets.key(of: $0) }
        for _ in 0..<QuantileBuckets.levelMax {
            #expect(keys == keys.sorted())
            keys = keys.map(QuantileBuckets.parent)
        }
    }

    @Test("Neither order nor merging changes a sketch", arguments: [1.0, 40, 600])
    func orderAndMerging(spread: Double) {
        var random = SeededRandom(seed: 3)
        let values = (0..<2000).map { _ in
            Double(
                sign: random.chance(50) ? .plus : .minus,
                exponent: Int(random.double(-spread...spread)),
                significand: random.double(1...2)
            )
        }
        var pool = SketchPool()
        let whole = pool.add()
        for value in values { pool.insert(value, into: whole) }
        let shuffled = pool.add()
        for value in values.shuffled(using: &random) { pool.insert(value, into: shuffled) }
        let parts = (0..<7).map { _ in pool.add() }
        for (index, value) in values.enumerated() { pool.insert(value, into: parts[index % 7]) }
        let merged = pool.add()
        for part in parts.shuffled(using: &random) { pool.merge(part, into: merged) }
        #expect(entries(pool, whole) == entries(pool, shuffled))
        #expect(entries(pool, whole) == entries(pool, merged))
        #expect(pool.sketches[Int(whole)].count <= SketchPool.entryCountMax)
        #expect((pool.sketches[Int(whole)].level > 0) == (spread > 1))
    }

    @Test("Quantiles are within the error of the level at their ranks")
    func quantiles() {
        var random = SeededRandom(seed: 4)
        let points = [0.01, 0.25, 0.5, 0.75, 0.95, 0.999]
        for count in [1, 2, 3, 10, 1000] {
            let values = (0..<count).map { _ in random.double(-3...1000) }
            var pool = SketchPool()
            let sketch = pool.add()
            for value in values { pool.insert(value, into: sketch) }
            let sorted = values.sorted()
            var found = [Double](repeating: 0, count: points.count)
            found.withUnsafeMutableBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return }
                pool.quantiles(
                    points,
                    of: sketch,
                    count: Int64(count),
                    min: sorted[0],
                    max: sorted[count - 1],
                    into: base
                )
            }
            let level = Int(pool.sketches[Int(sketch)].level)
            let bound = QuantileBuckets.relativeError(level: level)
            for (point, value) in zip(points, found) {
                let expected = sorted[Int(point * Double(count - 1))]
                #expect(abs(value - expected) <= bound * abs(expected) * (1 + 1e-12))
            }
        }
    }

    @Test("Sketches that are given back are used again")
    func reuse() {
        var pool = SketchPool()
        for round in 0..<50 {
            let sketches = (0..<20).map { _ in pool.add() }
            for (index, sketch) in sketches.enumerated() {
                for value in 0..<(index * 30 + round) { pool.insert(Double(value), into: sketch) }
            }
            for sketch in sketches { pool.free(sketch) }
        }
        #expect(pool.sketches.count == 20)
    }
}
