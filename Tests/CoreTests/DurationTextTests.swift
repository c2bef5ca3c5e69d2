import Core
import Testing

@Suite("Duration text")
struct DurationTextTests {
    @Test("durations are read")
    func reads() {
        let rows: [(String, Int64)] = [
            ("250ms", 250_000), ("1us", 1), ("30s", 30_000_000), ("5m", 300_000_000),
            ("1h30m", 5_400_000_000), ("1d", 86_400_000_000), ("2w", 1_209_600_000_000),
            ("90m", 5_400_000_000), ("0h1s", 1_000_000),
        ]
        for (text, microseconds) in rows {
            #expect(Duration(parsing: text) == .microseconds(microseconds), "\(text)")
        }
    }

    @Test(
        "other text is refused",
        arguments: [
            "", "5", "m", "0s", "-5m", "5 m", "5M", "1.5h", "5mm", "5x", "m5", "1h 30m", "٣s",
            "99999999999999999999s", "1000000001s", "1000000000w1000000000w",
        ]
    )
    func refuses(_ text: String) {
        #expect(Duration(parsing: text) == nil)
    }

    @Test("the text of any duration is read back")
    func roundTrips() {
        var random = Random(seed: 3)
        for bits in 0..<62 {
            for _ in 0..<20 {
                let value = Int64(random.next() >> (64 - UInt64(bits + 1))) + 1
                let duration = Duration.microseconds(value)
                #expect(Duration(parsing: duration.text) == duration, "seed 3, \(value)")
            }
        }
        #expect(Duration.seconds(5400).text == "1h30m")
        #expect(Duration.seconds(604_800).text == "7d")
        #expect(Duration.zero.text == "0s")
        #expect(Duration.milliseconds(1500).inSeconds == 1.5)
    }
}
