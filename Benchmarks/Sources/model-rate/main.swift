// The product's rate in the terms of svm_packed.c, run on the same machines.
//
//   model-rate PACKED.BIN ROWS [REPEAT] [--scaled]
//
// A repeat opens each model in its packed bytes, scores ROWS rows of it with all checks and settles
// the labels; the median of the repeats counts. The last number of the line is the rate in millions
// of kernel evaluations a second.
import Fleet
import Foundation

func fail(_ message: String) -> Never {
    FileHandle.standardError.write(Data("model-rate: \(message)\n".utf8))
    exit(2)
}

let words = CommandLine.arguments.dropFirst().filter { !$0.hasPrefix("--") }
guard let path = words.first, words.count >= 2, let rows = Int(words[words.startIndex + 1]),
    rows > 0
else { fail("usage: model-rate PACKED.BIN ROWS [REPEAT] [--scaled]") }
let repeats = words.count > 2 ? max(1, Int(words[words.startIndex + 2]) ?? 9) : 9
let clock = ContinuousClock()
do {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    let fleet = try PackedFleet(
        PackedFile.machines([UInt8](data)),
        rowCount: rows,
        isScaled: CommandLine.arguments.contains("--scaled")
    )
    var sum = try fleet.pass()
    var times: [Double] = []
    for _ in 0..<repeats {
        let time = try clock.measure { sum += try fleet.pass() }
        times.append(time / .seconds(1))
    }
    guard !sum.isNaN else { fail("a score is not a number") }
    times.sort()
    let time = times[times.count / 2]
    let nanoseconds = time / Double(fleet.count) * 1e9
    let rate = Double(fleet.kernelCount) / time / 1e6
    print(
        "\(fleet.count) models, \(rows) rows, \(fleet.byteCount / fleet.count) bytes/model:",
        String(format: "%.1f ns/model, M kernel evals/s %.1f", nanoseconds, rate)
    )
} catch {
    fail("\(path): \(error)")
}
