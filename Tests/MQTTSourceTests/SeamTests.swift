import Core
import Logging
import Sources
import TestKit
import Testing

@Suite("What sources share", .timeLimit(.minutes(1)))
struct SeamTests {
    private func message(_ payload: String, device: String?, sensor: String?) -> SourceMessage {
        SourceMessage(
            address: "a/b",
            device: device,
            sensor: sensor,
            payload: Array(payload.utf8),
            receivedAt: Timestamp(seconds: 3),
            marks: .isTruncated
        )
    }

    @Test("A batch gives back what was put in, whole and in parts")
    func batch() throws {
        let messages = [
            message("1", device: "d", sensor: "s"), message("", device: nil, sensor: "s"),
            message("{}", device: "", sensor: nil), message("2", device: nil, sensor: nil),
        ]
        var batch = MessageBatch()
        for message in messages { batch.append(message) }
        #expect((0..<batch.count).map(batch.message(at:)) == messages)
        #expect(batch.byteCount == 4 * 3 + 1 + 3 + 3)
        let address = Array("plant/m/t".utf8)
        address.withUnsafeBytes { address in
            batch.append(
                address: address,
                device: 6..<7,
                sensor: 8..<9,
                payload: address,
                receivedAt: Timestamp(seconds: 4)
            )
        }
        let last = batch.message(at: 4)
        #expect(last.device == "m")
        #expect(last.sensor == "t")
        #expect(last.payload == address)
    }

    @Test("Waits double up to the longest, shortened by chance to no less than half")
    func backoff() {
        var backoff = Backoff(first: .seconds(1), longest: .seconds(10))
        #expect((0..<6).map { _ in backoff.next(random: 1).inSeconds } == [1, 2, 4, 8, 10, 10])
        #expect(backoff.next(random: 0) == .seconds(5))
        backoff.reset()
        #expect(backoff.next(random: 0) == .milliseconds(500))
        for random in [Double.nan, -.infinity, .infinity, 7, -7] {
            #expect((0.5...10).contains(backoff.next(random: random).inSeconds))
        }
    }

    @Test("A retriable refusal is waited out with growing waits, another with the longest")
    func delivery() async throws {
        let clock = CountingClock()
        let sink = RecordingSink()
        sink.refuse(times: 1, FleetError(.dataLoss, "the disk is gone"))
        sink.refuse(times: 2, FleetError(.unavailable, "busy"))
        let delivery = Delivery(
            to: sink,
            source: "s",
            backoff: Backoff(first: .seconds(1), longest: .seconds(60)),
            clock: clock,
            random: { 1 },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        var batch = MessageBatch()
        batch.append(message("1", device: "d", sensor: "s"))
        var reasons: [String] = []
        try await delivery.deliver(batch) { reasons.append($0) }
        #expect(reasons == ["busy", "busy", "the disk is gone"])
        #expect(clock.waits == [.seconds(1), .seconds(2), .seconds(60)])
        #expect(sink.messageCount == 1)
    }

    @Test("A wakeup that was raised before the wait is not lost, and cancellation ends a wait")
    func wakeup() async {
        let wakeup = Wakeup()
        wakeup.raise()
        await wakeup.wait()
        let waiting = Task { await wakeup.wait() }
        waiting.cancel()
        await waiting.value
        let woken = Task { await wakeup.wait() }
        wakeup.raise()
        await woken.value
        #expect(!woken.isCancelled)
    }
}
