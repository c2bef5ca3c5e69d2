import Core
import EventLog
import Testing

@testable import KafkaLog

@Suite("Frames of one partition") struct PartitionFramesTests {
    private let time = Timestamp(seconds: 5)

    private func take(
        _ frames: inout PartitionFrames,
        at offset: Int64,
        _ values: [Int],
        rejects: [ForeignReject] = [],
        belongs: ((SeriesKey) -> Bool)? = nil
    ) -> [ForeignReject] {
        frames.take(at: offset, time: time, belongs: belongs) { events in
            for value in values {
                let key = SeriesKey(uncheckedDevice: "d\(value % 10)", sensor: "s")
                events.append(key, Timestamp(seconds: 1), Double(value))
            }
            return rejects
        }
    }

    private func shape(_ frames: [LogFrame]) -> [String] {
        frames.map { frame in
            guard case .events(let batch) = frame.record else {
                return "\(frame.baseOffset)..\(frame.endOffset) control"
            }
            return "\(frame.baseOffset)..\(frame.endOffset) \(batch.values.map { Int($0) })"
        }
    }

    @Test("Single events without a gap become one frame with an offset each")
    func run() {
        var frames = PartitionFrames(partition: 2, start: 7)
        for offset in 7..<12 { _ = take(&frames, at: Int64(offset), [offset]) }
        #expect(frames.eventCount == 5)
        let result = frames.finish(time: time)
        #expect(shape(result) == ["7..12 [7, 8, 9, 10, 11]"])
        #expect(result[0].hasOffsetPerEvent && result[0].partition == 2)
    }

    @Test("A gap, a message of many events and a control record end a run")
    func ends() {
        var frames = PartitionFrames(partition: 0, start: 0)
        _ = take(&frames, at: 0, [1])
        _ = take(&frames, at: 1, [2])
        frames.skip(to: 5)
        _ = take(&frames, at: 5, [3])
        _ = take(&frames, at: 6, [4, 5, 6])
        _ = take(&frames, at: 7, [7])
        frames.add(.complete, at: 8, time: time)
        _ = take(&frames, at: 9, [8])
        let result = frames.finish(time: time)
        #expect(
            shape(result) == [
                "0..2 [1, 2]", "5..6 [3]", "6..7 [4, 5, 6]", "7..8 [7]", "8..9 control",
                "9..10 [8]",
            ]
        )
    }

    @Test("What is skipped behind the last frame is an empty frame")
    func skipped() {
        var frames = PartitionFrames(partition: 0, start: 3)
        frames.skip(through: 3)
        let malformed = ForeignReject(reason: "malformed", sample: "x")
        let found = take(&frames, at: 4, [], rejects: [malformed])
        #expect(found == [malformed])
        let alone = shape(frames.finish(time: time))
        #expect(alone == ["3..5 []"])

        var mixed = PartitionFrames(partition: 0, start: 3)
        mixed.skip(through: 3)
        _ = take(&mixed, at: 4, [1])
        _ = take(&mixed, at: 5, [2], rejects: [malformed])
        _ = take(&mixed, at: 6, [], rejects: [malformed])
        let behind = shape(mixed.finish(time: time))
        #expect(behind == ["4..6 [1, 2]", "6..7 []"])

        var nothing = PartitionFrames(partition: 0, start: 3)
        nothing.skip(to: 3)
        let none = nothing.finish(time: time)
        #expect(none.isEmpty)
    }

    @Test("Events of another partition are taken out of runs and of messages")
    func misplaced() {
        var frames = PartitionFrames(partition: 0, start: 0)
        let belongs: (SeriesKey) -> Bool = { $0.device != "d3" }
        _ = take(&frames, at: 0, [1], belongs: belongs)
        let found = take(&frames, at: 1, [3], belongs: belongs)
        #expect(found == [ForeignReject(reason: "wrong_partition", sample: "d3/s")])
        _ = take(&frames, at: 2, [2], belongs: belongs)
        let two = take(&frames, at: 3, [3, 4, 13, 5], belongs: belongs)
        #expect(two == [ForeignReject(reason: "wrong_partition", sample: "d3/s", count: 2)])
        _ = take(&frames, at: 4, [6, 7], belongs: belongs)
        let result = frames.finish(time: time)
        #expect(
            shape(result) == ["0..1 [1]", "2..3 [2]", "3..4 [4, 5]", "4..5 [6, 7]"]
        )
    }
}
