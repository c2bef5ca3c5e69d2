import Core
import Windowing

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Measures windowing alone: nanoseconds an event and a closed window, bytes a series.
///
/// `window-rate [SERIES ...]`: readings of so many series, one a series and second, in shuffled
/// batches of 1,000 events with dictionaries of their own, into windows of ten seconds. Series
/// have numbers, as in the server.
/// CPU time of this process, so that what else runs on the machine counts less.
func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Resident anonymous memory.
///
/// - Units: bytes; 0 where the system does not tell.
func residentBytes() -> Int {
    guard let file = fopen("/proc/self/status", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, 256, file) != nil {
        let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
        if text.hasPrefix("RssAnon:") {
            return (Int(text.filter { $0 >= "0" && $0 <= "9" }) ?? 0) * 1024
        }
    }
    return 0
}

/// Events of one second of all series, cut into shuffled batches.
struct Load {
    private(set) var batches: [EventBatch] = []
    private let seriesCount: Int

    init(seriesCount: Int, batchSize: Int = 1000) {
        self.seriesCount = seriesCount
        let numbers = SeriesNumbers(countMax: seriesCount, partitionCount: 1)
        var random = SystemRandomNumberGenerator()
        var ids = Array(0..<seriesCount)
        ids.shuffle(using: &random)
        for low in stride(from: 0, to: seriesCount, by: batchSize) {
            var batch = EventBatch()
            for id in ids[low..<min(low + batchSize, seriesCount)] {
                let key = SeriesKey(
                    uncheckedDevice: "device-\(id / 10)",
                    sensor: "sensor-\(id % 10)"
                )
                batch.append(key, Timestamp(microseconds: 0), Double(id % 977) * 0.1)
            }
            _ = numbers.assign(to: &batch.series)
            batches.append(batch)
        }
    }

    /// Moves all events to a second, a few milliseconds apart.
    mutating func move(to second: Int64) {
        for index in batches.indices {
            for row in batches[index].times.indices {
                batches[index].times[row] = second * 1_000_000 + Int64(row % 1000)
                batches[index].values[row] += 0.25
            }
        }
    }
}

/// Reads a batch once, as decoding it just before would have: what is measured is windowing.
func warm(_ batch: EventBatch) -> Double {
    var sum = 0.0
    for row in 0..<batch.count {
        let id = batch.seriesIndex[row]
        sum += batch.values[row] + Double(batch.times[row] & 1)
        sum += Double(batch.series.hash(of: id) & 1)
        sum += batch.series.withBytes(of: id) { device, sensor in
            Double(device[0]) + Double(sensor[sensor.count - 1])
        }
    }
    return sum
}

struct Result {
    var eventNanoseconds = Double.infinity
    var closeNanoseconds = Double.infinity
    var bytes = 0.0
}

func measure(seriesCount: Int, definition: WindowDefinition) -> Result {
    var load = Load(seriesCount: seriesCount)
    let before = residentBytes()
    var windows = PartitionWindows(definitions: [definition])
    var output = WindowOutput()
    var result = Result()
    var warmed = 0.0
    var offset: Int64 = 0
    let rounds = max(3, min(40, 4_000_000 / seriesCount / 10))
    for round in 0..<rounds {
        var spent = 0.0
        for second in 0..<10 {
            load.move(to: Int64(round * 10 + second))
            // The first batch of a round closes the windows of the round before.
            for (index, batch) in load.batches.enumerated() {
                warmed += warm(batch)
                let start = seconds()
                windows.apply(events: batch, baseOffset: offset, output: &output)
                let time = seconds() - start
                offset += Int64(batch.count)
                if second == 0, index == 0 {
                    guard round > 0 else { continue }
                    result.closeNanoseconds = min(
                        result.closeNanoseconds,
                        time / Double(seriesCount) * 1e9
                    )
                } else {
                    spent += time
                }
            }
            if second == 9, round == 0 {
                result.bytes = Double(residentBytes() - before) / Double(seriesCount)
            }
            output.removeAll()
        }
        if round > 0 {
            let events = Double(seriesCount * 10 - min(seriesCount, 1000))
            result.eventNanoseconds = min(result.eventNanoseconds, spent / events * 1e9)
        }
    }
    withExtendedLifetime(warmed) {}
    return result
}

func text(_ value: Double) -> String {
    let rounded = Int((value * 10).rounded())
    let whole = String(rounded / 10) + "." + String(rounded % 10)
    return String(repeating: " ", count: max(0, 10 - whole.utf8.count)) + whole
}

let counts = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let definitions = try [
    WindowDefinition(name: "tumbling", size: .seconds(10)),
    WindowDefinition(
        name: "late-5s",
        size: .seconds(10),
        allowedLateness: .seconds(5)
    ),
    WindowDefinition(
        name: "per-device",
        size: .seconds(10),
        watermark: .device
    ),
    WindowDefinition(name: "hopping-5s", kind: .hopping(slide: .seconds(5)), size: .seconds(10)),
    WindowDefinition(name: "session", kind: .session(gap: .seconds(5))),
    WindowDefinition(name: "quantiles", size: .seconds(10), quantiles: [0.5, 0.95]),
]
print("windows          series  ns/event ns/window bytes/series")
for definition in definitions {
    for count in counts.isEmpty ? [1000, 10_000, 100_000, 1_000_000] : counts {
        let result = measure(seriesCount: count, definition: definition)
        let name = definition.name + String(repeating: " ", count: 14 - definition.name.count)
        let series = String(count)
        print(
            name + String(repeating: " ", count: 10 - series.count) + series
                + text(result.eventNanoseconds) + text(result.closeNanoseconds)
                + text(result.bytes)
        )
    }
    if CommandLine.arguments.contains("--first") { break }
}
