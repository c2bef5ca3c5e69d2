// Events decoded a second on one core, bodies in memory.
//
//   decode-rate [FORMAT…] [--series N] [--body EVENTS] [--repeat N]
//
// Every pass over the series goes in another order, as devices report. Time is what the processor
// spent on this program, and the best of the repeats counts: other programs only make it slower.
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

    init(_ arguments: [String]) {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("--") else {
                formats.append(word)
                continue
            }
            guard let text = rest.popFirst(), let number = Int(text), number > 0 else {
                fail("\(word) needs a number above 0")
            }
            switch word {
            case "--series": seriesCounts = [number]
            case "--body": bodyCounts = [number]
            case "--repeat": repeatCount = number
            default: fail("there is no option \(word)")
            }
        }
        if formats.isEmpty { formats = Bodies.formats }
    }
}

/// The rate of one format in millions of events a second, best of the repeats.
func measure(_ bodies: Bodies, _ repeatCount: Int) throws -> (rate: Double, accepted: Int) {
    var best = Double.infinity
    var accepted = 0
    for _ in 0..<repeatCount {
        accepted = 0
        let start = processorTime()
        for body in bodies.bodies {
            let events = try body.withUnsafeBytes {
                try EventDecoder.decode($0, format: bodies.format, options: DecodeOptions())
            }
            accepted += events.batch.count
        }
        best = min(best, processorTime() - start)
    }
    return (Double(accepted) / best / 1e6, accepted)
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
                let (rate, accepted) = try measure(bodies, plan.repeatCount)
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
