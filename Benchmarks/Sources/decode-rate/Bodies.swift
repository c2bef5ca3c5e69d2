import Wire

/// Bodies of made-up events in one format.
struct Bodies {
    let format: EventFormat
    var bodies: [[UInt8]] = []
    var eventCount = 0

    static let formats = ["ndjson", "json", "line", "csv"]

    var byteCount: Int { bodies.reduce(0) { $0 + $1.count } }

    /// Writes at least 400,000 events in bodies of so many; each pass over the series is shuffled.
    init(_ format: EventFormat, seriesCount: Int, eventCount: Int) {
        self.format = format
        var generator = Generator(state: 7)
        var order = Array(0..<seriesCount)
        var next = order.count
        var second = 0
        while self.eventCount < 400_000 {
            var text = format.rawValue == "csv" ? "time,device,sensor,value\n" : ""
            if format.rawValue == "json" { text += "[" }
            for index in 0..<eventCount {
                if next == order.count {
                    order.shuffle(using: &generator)
                    next = 0
                    second += 1
                }
                if format.rawValue == "json", index > 0 { text += "," }
                text += event(order[next], second, &generator)
                next += 1
            }
            if format.rawValue == "json" { text += "]" }
            bodies.append(Array(text.utf8))
            self.eventCount += eventCount
        }
    }

    private static let sensors = ["temperature", "vibration", "pressure", "current"]

    private func event(_ series: Int, _ second: Int, _ generator: inout Generator) -> String {
        let sensor = Self.sensors[series % 4]
        let device = "machine-" + padded(series / 4, 4)
        let cents = Int(generator.next() % 10_000)
        let value = "\(cents / 100).\(padded(cents % 100, 2))"
        let minute = padded(second / 60 % 60, 2)
        let time = "2026-01-01T00:\(minute):\(padded(second % 60, 2)).000Z"
        switch format.rawValue {
        case "csv": return "\(time),\(device),\(sensor),\(value)\n"
        case "line":
            let nanoseconds = (1_767_225_600 + second) * 1_000_000_000
            return "\(sensor),device=\(device) value=\(value) \(nanoseconds)\n"
        default:
            let object =
                "{\"device\":\"\(device)\",\"sensor\":\"\(sensor)\",\"time\":\"\(time)\","
                + "\"value\":\(value)}"
            return format.rawValue == "json" ? object : object + "\n"
        }
    }

    private func padded(_ number: Int, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }
}

/// A small seeded generator (SplitMix64), so that every run decodes the same bytes.
private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
