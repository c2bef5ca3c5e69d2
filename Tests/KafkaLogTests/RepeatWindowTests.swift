import Testing

@testable import KafkaLog

@Suite("Batches sent again") struct RepeatWindowTests {
    private func part(_ key: Int, _ part: Int = 0) -> BatchPart {
        BatchPart(key: Array("k\(key)".utf8), part: part)
    }

    @Test("The same part within the window is a repeat, another part is none")
    func window() {
        var window = RepeatWindow(offsetCount: 100)
        let seen: [(part: BatchPart, offset: Int64, isRepeat: Bool)] = [
            (part(1), 10, false), (part(1, 1), 11, false), (part(2), 12, false),
            // What counts is the last time it stood there.
            (part(1), 110, true), (part(1), 210, true), (part(1), 311, false),
            (part(2), 312, false),
        ]
        for message in seen {
            let isRepeat = window.isRepeat(message.part, at: message.offset)
            #expect(isRepeat == message.isRepeat, "offset \(message.offset)")
        }
        #expect(window.count == 2)
    }

    @Test("A window of none never finds a repeat")
    func none() {
        var window = RepeatWindow(offsetCount: 0)
        let found = (0..<2).map { _ in window.isRepeat(part(1), at: 1) }
        #expect(found == [false, false])
        #expect(window.count == 0)
    }

    @Test("Every reader that began a window earlier decides alike", arguments: 0..<10)
    func deterministic(_ seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        var offset: Int64 = 0
        let messages = (0..<5000).map { _ in
            offset += Int64(1 + random.below(3))
            return (offset: offset, part: part(random.below(400)))
        }
        var whole = RepeatWindow(offsetCount: 200)
        let decisions = messages.map { whole.isRepeat($0.part, at: $0.offset) }
        #expect(whole.count <= 200)
        for start in stride(from: 0, to: 5000, by: 700) {
            var late = RepeatWindow(offsetCount: 200)
            let from = messages[start].offset
            for (index, message) in messages.enumerated() where message.offset >= from - 200 {
                let isRepeat = late.isRepeat(message.part, at: message.offset)
                if index >= start { #expect(isRepeat == decisions[index], "message \(index)") }
            }
        }
    }
}
