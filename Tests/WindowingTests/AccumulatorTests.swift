import Testing

@testable import Windowing

@Suite("Accumulator")
struct AccumulatorTests {
    struct Case: CustomTestStringConvertible {
        let name: String
        let offset: Double
        let spread: Double
        let outlier: Double?
        var testDescription: String { name }
    }

    @Test(
        "Sum, mean and deviation keep twelve digits far from zero",
        arguments: [
            Case(name: "pressure", offset: 101_325, spread: 1e-3, outlier: nil),
            Case(name: "negative", offset: -1e9, spread: 1e-3, outlier: nil),
            Case(name: "around zero", offset: 0, spread: 1, outlier: nil),
            Case(name: "first value far away", offset: 101_325, spread: 1e-3, outlier: 0),
            Case(name: "tiny", offset: 1e-9, spread: 1e-12, outlier: nil),
            Case(name: "large", offset: 1e100, spread: 1e90, outlier: nil),
        ]
    )
    func accuracy(_ item: Case) {
        var random = SeededRandom(seed: 7)
        var values = (0..<5000).map { _ in
            item.offset + random.double(-item.spread...item.spread)
        }
        if let outlier = item.outlier { values.insert(outlier, at: 0) }
        var accumulator = Accumulator(time: 0, value: values[0])
        for (index, value) in values.enumerated().dropFirst() {
            accumulator.insert(time: Int64(index), value: value)
        }
        // Deviations from the offset are small, so 80 bits hold their sums exactly enough.
        let shifted = values.map { Extended($0) - Extended(item.offset) }
        let n = Extended(values.count)
        let mean = shifted.reduce(0, +) / n
        let squares = shifted.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
        let deviation = (squares / (n - 1)).squareRoot()
        #expect(Self.isNear(accumulator.mean, mean + Extended(item.offset)))
        #expect(Self.isNear(accumulator.sum, (mean + Extended(item.offset)) * n))
        #expect(Self.isNear(accumulator.stddev, deviation))
    }

    private static func isNear(_ found: Double, _ expected: Extended) -> Bool {
        abs(Extended(found) - expected) <= 1e-12 * abs(expected)
    }

    @Test("A sum that cancels is exact")
    func cancellation() {
        var accumulator = Accumulator(time: 0, value: 1e16)
        for value in [1.0, -1e16, 0.25] { accumulator.insert(time: 1, value: value) }
        #expect(accumulator.sum == 1.25)
        #expect(accumulator.mean == 0.3125)
    }

    @Test("First and last follow event time, ties the log")
    func firstAndLast() {
        var accumulator = Accumulator(time: 5, value: 1)
        accumulator.insert(time: 5, value: 2)
        #expect(accumulator.first == 1)
        #expect(accumulator.last == 2)
        accumulator.insert(time: 3, value: 3)
        accumulator.insert(time: 3, value: 4)
        accumulator.insert(time: 9, value: 5)
        accumulator.insert(time: 8, value: 6)
        #expect(accumulator.first == 3)
        #expect(accumulator.last == 5)
        #expect(accumulator.min == 1)
        #expect(accumulator.max == 6)
    }

    @Test("One reading has no deviation, equal readings have zero")
    func fewReadings() {
        var accumulator = Accumulator(time: 0, value: 0.1)
        #expect(accumulator.stddev.isNaN)
        #expect(accumulator.mean == 0.1)
        for _ in 0..<9 { accumulator.insert(time: 0, value: 0.1) }
        #expect(accumulator.stddev == 0)
        #expect(accumulator.mean == 0.1)
    }
}
