import Testing

@testable import Core

@Suite("Names of numbered events")
struct NamedEventsTests {
    private struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let partitionCount: Int
        /// Which of the series the row of an index has.
        let series: @Sendable (Int) -> Int

        var testDescription: String { name }
    }

    private static let cases = [
        Case(name: "one partition", partitionCount: 1) { $0 * 7 % 900 },
        Case(name: "several partitions", partitionCount: 5) { $0 * 31 % 1000 },
        Case(name: "few far apart", partitionCount: 3) { $0 % 2 == 0 ? 0 : 1990 + $0 % 9 },
        Case(name: "one series", partitionCount: 4) { _ in 1234 },
    ]

    @Test("Each event keeps its series, close together or far apart", arguments: cases)
    private func named(_ sample: Case) throws {
        let numbering = SeriesNumbers(countMax: 2000, partitionCount: sample.partitionCount)
        var all = SeriesDictionary(
            (0..<2000).map { SeriesKey(uncheckedDevice: "d\($0 / 10)", sensor: "s\($0 % 10)") }
        )
        #expect(numbering.assign(to: &all).isEmpty)
        for count in [0, 1, 2, 40, 700, 3000] {
            var events = NumberedEvents(by: numbering)
            for row in 0..<count {
                let number = try #require(all.number(of: UInt32(sample.series(row))))
                events.append(number, time: Int64(row), value: Double(row) / 2)
            }
            let batch = events.named()
            #expect(batch.times == events.times && batch.values == events.values)
            #expect(Set(batch.series.keys).count == batch.series.count)
            #expect(Set(batch.seriesIndex).count == batch.series.count)
            for row in 0..<count {
                let id = batch.seriesIndex[row]
                #expect(batch.series.keys[Int(id)] == all.keys[sample.series(row)])
                #expect(batch.series.number(of: id) == events.numbers[row])
            }
        }
    }

    @Test("Distinct numbers are found by place, or not at all where the table would be large")
    func dense() throws {
        let numbers = [9, 4, 9, 5, 4].map { SeriesNumber(partition: 3, place: $0) }
        let found = try #require(DenseNumbers(numbers))
        #expect(found.distinct.map(\.place) == [4, 5, 9] && found.ids == [2, 0, 2, 1, 0])
        #expect(DenseNumbers([]).map(\.ids) == nil)
        let far = [4, 40].map { SeriesNumber(partition: 3, place: $0) }
        #expect(DenseNumbers(far).map(\.ids) == nil)
        #expect(DenseNumbers([SeriesNumber(partition: 0, place: 1), .none]).map(\.ids) == nil)
    }
}
