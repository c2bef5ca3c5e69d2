import Core
import FoundationEssentials

/// Repeatable random numbers (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// One reading as it is sent and as it is read back.
struct Reading: Hashable, Comparable {
    let key: SeriesKey
    let time: Int64
    let value: Double

    static func < (left: Reading, right: Reading) -> Bool {
        (left.key, left.time, left.value) < (right.key, right.time, right.value)
    }
}

/// A request body of events with the key that makes it count once.
struct Batch {
    let key: String
    let readings: [Reading]
    let isCSV: Bool

    var body: String {
        var text = isCSV ? "time,device,sensor,value\n" : ""
        for reading in readings {
            let time = Timestamp(microseconds: reading.time).description
            let (device, sensor) = (reading.key.device, reading.key.sensor)
            text +=
                isCSV
                ? "\(time),\(device),\(sensor),\(reading.value)\n"
                : "{\"time\":\"\(time)\",\"device\":\"\(device)\",\"sensor\":\"\(sensor)\","
                    + "\"value\":\(reading.value)}\n"
        }
        return text
    }
}

/// What a plant sends: out of order, with repeated readings, in two formats.
struct EventScript {
    /// `FLEETSCORE_SEED`, else another one in every run; tests print it.
    static let seed =
        ProcessInfo.processInfo.environment["FLEETSCORE_SEED"].flatMap(UInt64.init)
        ?? UInt64.random(in: 0...999_999)

    private static let start: Int64 = 1_767_225_600_000_000

    /// Event time between two batches, in microseconds.
    private let step: Int64
    private var numbers: SeededNumbers
    private let series: [SeriesKey]
    private var number = 0
    /// The newest readings of each series, to repeat some of them.
    private var recent: [SeriesKey: [Int64]] = [:]

    init(seed: UInt64, step: Int64 = 150_000) throws {
        self.step = step
        numbers = SeededNumbers(seed: seed)
        series = try (0..<8).flatMap { device in
            try ["temperature", "flow"].map {
                try SeriesKey(device: "pump-\(device)", sensor: $0)
            }
        }
    }

    mutating func next() -> Batch {
        number += 1
        let now = Self.start + Int64(number) * step
        let count = Int.random(in: 5...60, using: &numbers)
        var readings: [Reading] = []
        for _ in 0..<count {
            let key = series[Int.random(in: 0..<series.count, using: &numbers)]
            let value = Double.random(in: -1000...1000, using: &numbers)
            readings.append(Reading(key: key, time: time(of: key, at: now), value: value))
        }
        return Batch(
            key: "batch-\(number)",
            readings: readings,
            isCSV: Bool.random(using: &numbers)
        )
    }

    /// Mostly near now, sometimes seconds behind, sometimes a time that was sent before.
    private mutating func time(of key: SeriesKey, at now: Int64) -> Int64 {
        var known = recent[key, default: []]
        if !known.isEmpty, Int.random(in: 0..<20, using: &numbers) == 0 {
            return known[Int.random(in: 0..<known.count, using: &numbers)]
        }
        let back: Int64 = Int.random(in: 0..<10, using: &numbers) == 0 ? 14_000_000 : 1_500_000
        let time = now - Int64.random(in: 0...back, using: &numbers)
        known.append(time)
        recent[key] = known.suffix(12)
        return time
    }
}
