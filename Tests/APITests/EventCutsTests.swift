import Client
import Core
import Testing

@Suite("Where batches of events end")
struct EventCutsTests {
    private static func batch(_ count: Int, without gap: Int? = nil) throws -> EventBatch {
        var random = SplitMix(state: 7)
        var batch = EventBatch()
        for row in 0..<count {
            let value = Double(random.next() % 10_000) / 100
            guard row != gap else { continue }
            batch.append(
                try SeriesKey(device: "m-\(row % 50)", sensor: "s"),
                Timestamp(microseconds: 1_772_323_200_000_000 + Int64(row / 50) * 1_000_000),
                value
            )
        }
        return batch
    }

    private struct SplitMix {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
    }

    private static func parts(
        _ cuts: EventCuts,
        of whole: EventCuts.Part,
        level: Int
    ) -> [EventCuts.Part] {
        var parts: [EventCuts.Part] = []
        var at = whole.rows.lowerBound
        while at < whole.rows.upperBound {
            parts.append(cuts.part(from: at, of: whole, level: level))
            at = parts[parts.count - 1].rows.upperBound
        }
        return parts
    }

    @Test("Parts follow each other and keep to the sizes of their level", arguments: 0..<3)
    func sizes(level: Int) throws {
        let cuts = EventCuts(try Self.batch(100_000))
        let parts = Self.parts(cuts, of: cuts.all, level: level)
        let rule = EventCuts.levels[level]
        #expect(parts.last?.rows.upperBound == 100_000)
        for part in parts.dropLast() {
            #expect(part.isEnded)
            #expect((rule.countMin...rule.countMax).contains(part.rows.count))
        }
        #expect(parts.count > 100_000 / (rule.countMin + 3 << rule.zeroBitCount))
        #expect(parts.last?.isEnded == false || parts.last?.rows.count ?? 0 >= rule.countMin)
    }

    @Test("Rows that are appended leave all parts that have ended as they are")
    func appended() throws {
        let short = EventCuts(try Self.batch(50_000))
        let long = EventCuts(try Self.batch(80_000))
        let before = Self.parts(short, of: short.all, level: 0).filter(\.isEnded)
        #expect(before.count > 3)
        #expect(Self.parts(long, of: long.all, level: 0).prefix(before.count) == before[...])
        // The same holds within the part in which the shorter one ends.
        let last = Self.parts(short, of: short.all, level: 0).count - 1
        let tail = Self.parts(short, of: short.all, level: 0)[last]
        let grown = Self.parts(long, of: long.all, level: 0)[last]
        let pieces = Self.parts(short, of: tail, level: 1).filter(\.isEnded)
        #expect(Self.parts(long, of: grown, level: 1).prefix(pieces.count) == pieces[...])
    }

    @Test("A row that is taken out moves few cuts")
    func changed() throws {
        let all = try Self.batch(100_000)
        let fewer = try Self.batch(100_000, without: 30_000)
        func times(_ batch: EventBatch) -> Set<String> {
            let cuts = EventCuts(batch)
            var keys = EventKeys()
            let bodies = EventBodies(batch, eventCountMax: .max, byteCountMax: 1 << 24)
            return Set(
                Self.parts(cuts, of: cuts.all, level: 0).map {
                    keys.key(of: bodies.body(of: $0.rows).bytes, use: 0)
                }
            )
        }
        #expect(times(all).subtracting(times(fewer)).count <= 4)
    }

    @Test("Equal bodies have different keys, and so have uses of a body")
    func keys() {
        var keys = EventKeys()
        let body = Array("time".utf8)
        let made = [0, 0, 1, 0].map { keys.key(of: body, use: $0) }
        #expect(Set(made).count == 4)
        var others = EventKeys()
        #expect(others.key(of: body, use: 0) == made[0])
    }
}

@Suite("How long a sender waits")
struct SendBackoffTests {
    @Test("It waits longer each time, at most ten seconds, for as long as the limit")
    func growing() throws {
        var backoff = SendBackoff()
        var waited = Duration.zero
        var count = 0
        while let delay = backoff.delay(retryAfter: nil, waited: waited) {
            #expect(delay >= .milliseconds(100) && delay <= .seconds(10))
            waited += delay
            count += 1
        }
        #expect(waited >= .seconds(300) && count > 30)
    }

    @Test("It waits as long as the server says, at most a minute")
    func told() {
        var backoff = SendBackoff()
        #expect(backoff.delay(retryAfter: .seconds(7), waited: .zero) == .seconds(7))
        #expect(backoff.delay(retryAfter: .seconds(600), waited: .zero) == .seconds(60))
        #expect(backoff.delay(retryAfter: .seconds(1), waited: .seconds(300)) == nil)
        #expect(ServerResponse.retryAfter("12") == .seconds(12))
        #expect(ServerResponse.retryAfter("Wed, 21 Oct 2015 07:28:00 GMT") == nil)
    }

    @Test("A gateway's errors are worth another try", arguments: [429, 502, 503, 504])
    func busy(status: Int) {
        #expect(ServerResponse(status: status, body: [], retryAfter: nil).isBusy)
        #expect(!ServerResponse(status: 400, body: [], retryAfter: nil).isBusy)
    }
}
