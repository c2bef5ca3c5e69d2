import Core
import Testing

@Suite("Series numbers")
struct SeriesNumbersTests {
    private func dictionary(_ range: Range<Int>) -> SeriesDictionary {
        SeriesDictionary(
            range.map { SeriesKey(uncheckedDevice: "d\($0 / 3)", sensor: "s\($0 % 3)") }
        )
    }

    @Test(
        "places count from 0 in each partition; a series keeps its number",
        arguments: [1, 4, 256]
    )
    func places(_ partitionCount: Int) {
        let numbers = SeriesNumbers(countMax: 1000, partitionCount: partitionCount)
        var first = dictionary(0..<200)
        #expect(numbers.assign(to: &first).isEmpty)
        var places: [Int: [Int]] = [:]
        for id in 0..<UInt32(first.count) {
            guard let number = first.number(of: id) else {
                Issue.record("series \(id) has no number")
                return
            }
            #expect(number.partition == first.partition(of: id, of: partitionCount))
            places[number.partition, default: []].append(number.place)
        }
        for (_, found) in places { #expect(found == Array(0..<found.count)) }
        var second = dictionary(100..<300)
        #expect(numbers.assign(to: &second).isEmpty && numbers.count == 300)
        for id in 0..<UInt32(100) {
            #expect(second.number(of: id) == first.number(of: id + 100))
        }
        second.withBytes(of: 5) { device, sensor in
            #expect(numbers.number(device: device, sensor: sensor) == second.number(of: 5))
        }
    }

    @Test("series beyond the limit are refused, those that are known never")
    func limit() {
        let numbers = SeriesNumbers(countMax: 10, partitionCount: 4)
        var series = dictionary(0..<15)
        #expect(numbers.assign(to: &series) == [10, 11, 12, 13, 14])
        #expect(numbers.count == 10)
        #expect(series.number(of: 3) != nil && series.number(of: 12) == nil)
        #expect(numbers.assign(to: &series) == [10, 11, 12, 13, 14])
    }

    @Test("more partitions than numbers have go without")
    func manyPartitions() {
        let numbers = SeriesNumbers(countMax: 10, partitionCount: 1024)
        var series = dictionary(0..<12)
        #expect(numbers.assign(to: &series) == [10, 11])
        #expect(numbers.count == 10 && series.number(of: 0) == nil)
    }

    @Test("numbers of one process mean nothing in another")
    func numberings() {
        var series = dictionary(0..<6)
        _ = SeriesNumbers(countMax: 10, partitionCount: 2).assign(to: &series)
        let other = SeriesNumbers(countMax: 10, partitionCount: 3)
        var reversed = SeriesDictionary(series.keys.reversed())
        _ = other.assign(to: &reversed)
        _ = other.assign(to: &series)
        #expect(series.numbering === other)
        for id in 0..<UInt32(6) { #expect(series.number(of: id) == reversed.number(of: 5 - id)) }
    }

    @Test("a dictionary of numbered series looks names up when one without a number comes")
    func mixed() throws {
        let numbers = SeriesNumbers(countMax: 100, partitionCount: 4)
        var known = dictionary(0..<40)
        _ = numbers.assign(to: &known)
        var batch = SeriesDictionary()
        for id in 0..<UInt32(40) {
            let number = try #require(known.number(of: id))
            let added = known.withBytes(of: id) { device, sensor in
                batch.append(number, device: device, sensor: sensor, by: numbers)
            }
            #expect(added == id)
        }
        #expect(Array(batch.keys) == Array(known.keys) && !batch.mayLackNumbers)
        #expect(batch.id(of: SeriesKey(uncheckedDevice: "d2", sensor: "s1")) == 7)
        #expect(batch.insert(SeriesKey(uncheckedDevice: "d3", sensor: "s0")) == 9)
        #expect(batch.insert(SeriesKey(uncheckedDevice: "new", sensor: "s")) == 40)
        #expect(batch.mayLackNumbers && batch.number(of: 40) == nil)
        for id in 0..<UInt32(40) { #expect(batch.hash(of: id) == known.hash(of: id)) }
        #expect(numbers.assign(to: &batch).isEmpty && batch.number(of: 40) != nil)
    }
}
