import Core

@testable import Windowing

/// A generated set of definitions and a log for them.
struct WindowScenario {
    var definitions: [WindowDefinition] = []
    /// The filters written a second time, as closures.
    var accepts: [(Double) -> Bool] = []
    var log: [NaiveRecord] = []

    init(seed: UInt64, policies: [LatePolicy] = LatePolicy.allCases) throws {
        var random = SeededRandom(seed: seed)
        try makeDefinitions(&random, policies)
        let keys = (0..<Int.random(in: 1...9, using: &random)).map {
            SeriesKey(uncheckedDevice: ["a", "b", "ä", "a-"][$0 % 4], sensor: "s\($0 / 4)")
        }
        // Around the epoch, so that negative times are covered.
        var clock = Int64.random(in: -90_000_000...30_000_000, using: &random)
        let numbers = SeriesNumbers(
            countMax: Int.random(in: 2...9, using: &random),
            partitionCount: 4
        )
        let offset = [0, 101_325, -1e9][Int.random(in: 0..<3, using: &random)]
        for _ in 0..<Int.random(in: 4...16, using: &random) {
            switch Int.random(in: 0..<10, using: &random) {
            case 0:
                let until = clock + Int64.random(in: -40_000_000...40_000_000, using: &random)
                log.append(.idle(Timestamp(microseconds: until)))
            case 1 where random.chance(30):
                log.append(.complete)
            default:
                var batch = Self.batch(keys, offset, &clock, &random)
                // Some batches have numbers for their series, or for some of them.
                if random.chance(60) { _ = numbers.assign(to: &batch.series) }
                log.append(.events(batch))
            }
        }
    }

    private mutating func makeDefinitions(
        _ random: inout SeededRandom,
        _ policies: [LatePolicy]
    ) throws {
        for index in 0..<Int.random(in: 1...3, using: &random) {
            // The second of a pair is a slide, not always a divisor of the size.
            let sizes: [(Duration, Duration)] = [
                (.milliseconds(250), .milliseconds(100)), (.seconds(1), .milliseconds(500)),
                (.seconds(7), .seconds(3)), (.seconds(60), .seconds(25)),
            ]
            let (size, slide) = sizes[Int.random(in: 0..<4, using: &random)]
            let lateness: [Duration] = [.zero, .milliseconds(1), .seconds(3), .seconds(45)]
            let corrections: [Duration] = [.zero, .seconds(2), .seconds(30), .seconds(3600)]
            let isFiltered = random.chance(40)
            accepts.append { value in
                isFiltered ? (value > -0.5 && value <= 1) || value == 101_325 : true
            }
            let text = "value > -0.5 and value <= 1 or value == 101325"
            definitions.append(
                try WindowDefinition(
                    name: "w\(index)",
                    kind: Self.kind(&random, slide),
                    size: size,
                    allowedLateness: lateness[Int.random(in: 0..<4, using: &random)],
                    filter: isFiltered ? ReadingFilter(parsing: text) : nil,
                    quantiles: random.chance(40) ? [0.05, 0.5, 0.95] : [],
                    watermark: random.chance(40) ? .device : .partition,
                    latePolicy: policies[Int.random(in: 0..<policies.count, using: &random)],
                    correctFor: corrections[Int.random(in: 0..<4, using: &random)]
                )
            )
        }
    }

    private static func kind(_ random: inout SeededRandom, _ slide: Duration) -> WindowKind {
        let gaps: [Duration] = [.milliseconds(300), .seconds(2), .seconds(9)]
        switch Int.random(in: 0..<3, using: &random) {
        case 0: return .tumbling
        case 1: return .hopping(slide: slide)
        default:
            return .session(
                gap: gaps[Int.random(in: 0..<3, using: &random)],
                maxSize: random.chance(50) ? .seconds(11) : .seconds(3600)
            )
        }
    }

    private static func batch(
        _ keys: [SeriesKey],
        _ offset: Double,
        _ clock: inout Int64,
        _ random: inout SeededRandom
    ) -> EventBatch {
        var batch = EventBatch()
        // Dictionaries of batches differ, and hold keys without events.
        for key in keys.shuffled(using: &random) where random.chance(50) {
            _ = batch.series.insert(key)
        }
        let jitters: [Int64] = [1, 400_000, 5_000_000, 80_000_000]
        let jitter = jitters[Int.random(in: 0..<4, using: &random)]
        for _ in 0..<Int.random(in: 0...60, using: &random) {
            clock += Int64.random(in: 0...1_500_000, using: &random)
            let time = clock - Int64.random(in: 0..<jitter, using: &random)
            let key = keys[Int.random(in: 0..<keys.count, using: &random)]
            if batch.count > 0, random.chance(15) {
                let row = batch.count - 1 - Int.random(in: 0..<min(10, batch.count), using: &random)
                batch.append(
                    series: batch.seriesIndex[row],
                    time: batch.times[row],
                    value: 9
                )
            } else {
                let value = offset + random.double(-1...1)
                batch.append(key, Timestamp(microseconds: time), value)
            }
        }
        return batch
    }

    /// The results of the product's windows over a part of the log.
    static func run(
        _ windows: inout PartitionWindows,
        _ log: some Sequence<NaiveRecord>,
        offset: inout Int64,
        output: inout WindowOutput
    ) {
        for record in log {
            switch record {
            case .events(let batch):
                windows.apply(events: batch, baseOffset: offset, output: &output)
                offset += Int64(batch.count)
            case .idle(let until):
                windows.advanceIdle(until: until, output: &output)
                offset += 1
            case .complete:
                windows.complete(output: &output)
                offset += 1
            }
        }
    }
}
