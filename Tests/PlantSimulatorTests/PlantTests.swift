import Core
import Testing

@testable import PlantSimulator

@Suite("Plant simulator")
struct PlantTests {
    private let start = Timestamp(seconds: 1_735_689_600)

    private func readings(
        _ plant: Plant,
        _ from: Timestamp,
        _ to: Timestamp,
        _ every: Duration
    ) -> EventBatch {
        var batch = EventBatch()
        plant.readings(from: from, to: to, every: every, into: &batch)
        return batch
    }

    /// Per series: the means of its one-minute windows.
    private func means(_ plant: Plant, hours: Int64) -> [[Double]] {
        let batch = readings(plant, start, start + .seconds(hours * 3600), .seconds(20))
        var sums = Array(
            repeating: Array(repeating: 0.0, count: Int(hours * 60)),
            count: plant.keys.count
        )
        for row in 0..<batch.count {
            let minute = Int((batch.times[row] - start.microseconds) / 60_000_000)
            sums[Int(batch.seriesIndex[row])][minute] += batch.values[row] / 3
        }
        return sums
    }

    private func moments(_ values: [Double]) -> (mean: Double, deviation: Double) {
        let mean = values.reduce(0, +) / Double(values.count)
        let squares = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
        return (mean, (squares / Double(values.count)).squareRoot())
    }

    @Test("History in one piece, in pieces and live are the same readings")
    func randomAccess() {
        let plant = Plant(noiseSeed: 3, deviceCount: 4, faults: true, faultsPerDay: 20)
        let middle = start + .seconds(1000)
        let end = start + .seconds(4 * 3600)
        let whole = readings(plant, start, end, .seconds(20))
        var pieces = readings(plant, start, middle, .seconds(20))
        plant.readings(from: middle, to: end, every: .seconds(20), into: &pieces)
        #expect(whole.count == 4 * 5 * 720)
        #expect(whole.times == pieces.times)
        #expect(whole.values == pieces.values)
        #expect(whole.times == whole.times.sorted())
        let live = readings(plant, middle, middle + .seconds(120), .seconds(1))
        for row in 0..<live.count where live.times[row] % 20_000_000 == 0 {
            let number = Int(live.seriesIndex[row])
            let time = Timestamp(microseconds: live.times[row])
            #expect(plant.value(series: number, at: time) == live.values[row])
        }
        let fault = plant.faults(from: start, to: end)[0]
        let inFault = fault.start + .seconds(20)
        let row = readings(plant, inFault, inFault + .microseconds(1), .microseconds(1))
        #expect(row.values[fault.series] == plant.value(series: fault.series, at: inFault))
    }

    @Test("Readings stand at multiples of the interval within the half-open range")
    func grid() {
        let plant = Plant(noiseSeed: 3, deviceCount: 1, faults: false)
        let odd = readings(
            plant,
            Timestamp(microseconds: -1),
            Timestamp(seconds: 40),
            .seconds(20)
        )
        #expect(odd.times == Array(repeating: 0, count: 5) + Array(repeating: 20_000_000, count: 5))
        #expect(readings(plant, start, start, .seconds(20)).isEmpty)
        #expect(plant.keys.map(\.description).first == "pump-001/temperature")
        #expect(Set(Plant(noiseSeed: 1, faults: false).keys).count == 600)
    }

    @Test("Another noise seed changes readings, not what is normal; days look alike")
    func stationary() {
        let first = Plant(noiseSeed: 1, deviceCount: 3, faults: false)
        let second = Plant(noiseSeed: 2, deviceCount: 3, faults: false)
        let firstMeans = means(first, hours: 48)
        let secondMeans = means(second, hours: 24)
        for number in first.keys.indices {
            let today = moments(Array(firstMeans[number].prefix(1440)))
            let tomorrow = moments(Array(firstMeans[number].suffix(1440)))
            let other = moments(secondMeans[number])
            for moment in [tomorrow, other] {
                #expect(abs(moment.mean - today.mean) < 0.1 * today.deviation)
                #expect(abs(moment.deviation / today.deviation - 1) < 0.1)
            }
            #expect(firstMeans[number].prefix(1440) != secondMeans[number].prefix(1440))
            let farthest = firstMeans[number].map { abs($0 - today.mean) }.max() ?? 0
            #expect(farthest < 5 * today.deviation)
        }
    }

    @Test("The sensors of a device move together")
    func correlation() {
        let plant = Plant(noiseSeed: 5, deviceCount: 3, faults: false)
        let means = means(plant, hours: 24)
        for device in 0..<3 {
            let flow = means[device * 5 + 4]
            let current = means[device * 5 + 3]
            let a = moments(flow)
            let b = moments(current)
            let products = zip(flow, current).map { ($0 - a.mean) * ($1 - b.mean) }
            let covariance = products.reduce(0, +) / Double(products.count)
            #expect(covariance / (a.deviation * b.deviation) > 0.6)
        }
    }

    @Test("Faults come at the stated rate and length, never twice at once on a series")
    func faultPlan() {
        let plant = Plant(noiseSeed: 9, faults: true)
        let faults = plant.faults(from: start, to: start + .seconds(5 * 86_400))
        #expect(faults.count == 200)
        #expect(Set(faults.map(\.kind)).count == 5)
        for fault in faults {
            #expect(fault.end - fault.start >= .seconds(600))
            #expect(fault.end - fault.start <= .seconds(2400))
            let others = faults.filter { $0.key == fault.key && $0 != fault }
            #expect(others.allSatisfy { $0.end <= fault.start || fault.end <= $0.start })
            #expect(plant.keys[fault.series] == fault.key)
        }
        let one = faults[7]
        let found = plant.faults(from: one.start, to: one.start + .microseconds(1))
        #expect(found.contains(one))
        #expect(!plant.faults(from: one.end, to: one.end + .seconds(1)).contains(one))
        #expect(Plant(noiseSeed: 9, faults: false).faults(from: start, to: one.end).isEmpty)
        let crowded = Plant(noiseSeed: 9, deviceCount: 1, faults: true, faultsPerDay: 1000)
        #expect(crowded.faults(from: start, to: start + .seconds(86_400)).count == 20)
    }

    @Test("A fault moves one-minute means at least six deviations away, nothing else changes")
    func faultSize() {
        let faulty = Plant(noiseSeed: 4, deviceCount: 8, faults: true, faultsPerDay: 60)
        let faultyMeans = means(faulty, hours: 24)
        let normalMeans = means(Plant(noiseSeed: 4, deviceCount: 8, faults: false), hours: 24)
        let faults = faulty.faults(from: start, to: start + .seconds(86_400))
        for number in faulty.keys.indices {
            let normal = moments(normalMeans[number])
            let own = faults.filter { $0.series == number }
            for minute in 0..<1440 {
                let from = start + .seconds(Int64(minute) * 60)
                let touches = own.contains { $0.start < from + .seconds(60) && from < $0.end }
                if !touches {
                    #expect(faultyMeans[number][minute] == normalMeans[number][minute])
                }
            }
            for fault in own {
                let first = Int((fault.start - start).microseconds / 60_000_000) + 1
                let last = Int((fault.end - start).microseconds / 60_000_000)
                // The last quarter of a drift counts; of the others, all whole windows.
                let inside = fault.kind == .drift ? last - (last - first) / 4..<last : first..<last
                let far = inside.filter {
                    abs(faultyMeans[number][$0] - normal.mean) >= 6 * normal.deviation
                }
                let share = Double(far.count) / Double(inside.count)
                #expect(share >= 0.7, "\(fault.kind) on \(fault.key)")
            }
        }
    }
}
