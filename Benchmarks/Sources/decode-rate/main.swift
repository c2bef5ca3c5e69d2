// Events decoded a second on one core, bodies in memory.
//
//   decode-rate [FORMAT…] [--series N] [--body EVENTS] [--repeat N] [--memory 0|1]
//
// Decoded as the server does it, which knows its series after the first pass; `--memory 0` decodes
// every body alone, as commands do. Every pass over the series goes in another order, as devices
// report. Time is what the processor spent on this program, and the best of the repeats counts:
// other programs only make it slower.
import Core
import Foundation
import Wire

func fail(_ message: String) -> Never {
    FileHandle.standardError.write(Data("decode-rate: \(message)\n".utf8))
    exit(2)
}

/// What the command line asks for.
struct Plan {
    var formats: [String] = []
    var seriesCounts = [100, 100_000]
    var bodyCounts = [1_000, 400_000]
    var repeatCount = 15
    var hasMemory = true

    init(_ arguments: [String]) {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("--") else {
                formats.append(word)
                continue
            }
            guard let text = rest.popFirst(), let number = Int(text),
                number > 0 || word == "--memory"
            else { fail("\(word) needs a number above 0") }
            switch word {
            case "--series": seriesCounts = [number]
            case "--body": bodyCounts = [number]
            case "--repeat": repeatCount = number
            case "--memory": hasMemory = number != 0
            default: fail("there is no option \(word)")
            }
        }
        if formats.isEmpty { formats = Bodies.formats }
    }
}

/// The rate of one format in millions of events a second, best of the repeats.
func measure(_ bodies: Bodies, _ plan: Plan) throws -> (rate: Double, accepted: Int) {
    let numbers = SeriesNumbers(countMax: 1 << 24, partitionCount: 4)
    let memory = plan.hasMemory ? SeriesMemory(numbers) : nil
    if plan.hasMemory {
        // The first pass brings the series, the second how they are written.
        for body in bodies.bodies + bodies.bodies {
            let events = try decode(body, bodies.format, memory)
            var series = events.batch.series
            _ = numbers.assign(to: &series)
        }
    }
    var best = Double.infinity
    var accepted = 0
    for _ in 0..<plan.repeatCount {
        accepted = 0
        let start = processorTime()
        for body in bodies.bodies {
            accepted += try decode(body, bodies.format, memory).acceptedCount
        }
        best = min(best, processorTime() - start)
    }
    return (Double(accepted) / best / 1e6, accepted)
}

func decode(
    _ body: [UInt8],
    _ format: EventFormat,
    _ memory: SeriesMemory?
) throws -> DecodedEvents {
    try body.withUnsafeBytes {
        try EventDecoder.decode($0, format: format, options: DecodeOptions(), memory: memory)
    }
}

/// Seconds that this thread has been on a processor.
func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

let plan = Plan(Array(CommandLine.arguments.dropFirst()))
do {
    for name in plan.formats {
        guard let format = EventFormat(rawValue: name), Bodies.formats.contains(name) else {
            fail("there is no format \"\(name)\"; use \(Bodies.formats.joined(separator: ", "))")
        }
        for seriesCount in plan.seriesCounts {
            for count in plan.bodyCounts {
                let bodies = Bodies(format, seriesCount: seriesCount, eventCount: count)
                let (rate, accepted) = try measure(bodies, plan)
                guard accepted == bodies.eventCount else {
                    fail("\(name): \(accepted) of \(bodies.eventCount) events were accepted")
                }
                let bytes = Double(bodies.byteCount) / Double(accepted)
                print(
                    "\(name): \(seriesCount) series, \(count) events a body,",
                    "\(Int(bytes.rounded())) bytes an event:",
                    "\((rate * 100).rounded() / 100) M events/s,",
                    "\(Int(rate * bytes)) MB/s"
                )
            }
        }
    }
} catch {
    fail("\(error)")
}
