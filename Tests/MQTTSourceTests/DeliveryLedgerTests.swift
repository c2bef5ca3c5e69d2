import Testing

@testable import MQTTSource

@Suite("The ledger knows which messages a broker waits to hear of")
struct DeliveryLedgerTests {
    private func complete(
        _ ledger: inout DeliveryLedger,
        _ packetIDs: [UInt16],
        _ serial: UInt32
    ) -> [UInt16] {
        var acknowledged: [UInt16] = []
        ledger.complete(packetIDs, serial: serial) { acknowledged.append($0) }
        return acknowledged
    }

    private func connected() -> DeliveryLedger {
        var ledger = DeliveryLedger()
        ledger.connect(isSessionPresent: false)
        return ledger
    }

    @Test("A message is acknowledged once, when its batch is durable")
    func simple() {
        var ledger = connected()
        #expect(ledger.receive(1, isRepeated: false, hash: 11, serial: 1) == .deliver)
        #expect(ledger.receive(65_535, isRepeated: false, hash: 12, serial: 1) == .deliver)
        #expect(complete(&ledger, [1, 65_535], 1) == [1, 65_535])
        #expect(complete(&ledger, [1, 65_535], 1).isEmpty)
    }

    @Test("A repeated message that is under way is acknowledged with its batch, not given on")
    func join() {
        var ledger = connected()
        _ = ledger.receive(1, isRepeated: false, hash: 11, serial: 1)
        ledger.disconnect()
        ledger.connect(isSessionPresent: true)
        #expect(ledger.receive(1, isRepeated: true, hash: 11, serial: 2) == .join)
        #expect(complete(&ledger, [1], 1) == [1])
    }

    @Test("A repeated message that is durable already is acknowledged at once")
    func durable() {
        var ledger = connected()
        _ = ledger.receive(1, isRepeated: false, hash: 11, serial: 1)
        ledger.disconnect()
        #expect(complete(&ledger, [1], 1).isEmpty, "there is no connection")
        ledger.connect(isSessionPresent: true)
        #expect(ledger.receive(1, isRepeated: true, hash: 11, serial: 2) == .acknowledge)
        #expect(ledger.receive(1, isRepeated: false, hash: 11, serial: 2) == .deliver)
    }

    @Test("A batch that becomes durable before its messages came again waits for them")
    func beforeRepetition() {
        var ledger = connected()
        _ = ledger.receive(1, isRepeated: false, hash: 11, serial: 1)
        _ = ledger.receive(2, isRepeated: false, hash: 12, serial: 1)
        ledger.disconnect()
        ledger.connect(isSessionPresent: true)
        #expect(ledger.receive(1, isRepeated: true, hash: 11, serial: 2) == .join)
        #expect(complete(&ledger, [1, 2], 1) == [1], "2 has not come over this connection")
        #expect(ledger.receive(2, isRepeated: true, hash: 12, serial: 2) == .acknowledge)
    }

    @Test("An identifier that is used anew is a new message, whatever was open")
    func reuse() {
        var ledger = connected()
        _ = ledger.receive(1, isRepeated: false, hash: 11, serial: 1)
        ledger.disconnect()
        ledger.connect(isSessionPresent: true)
        #expect(ledger.receive(1, isRepeated: false, hash: 11, serial: 2) == .deliver)
        #expect(complete(&ledger, [1], 1).isEmpty, "the old batch may not acknowledge the new")
        #expect(complete(&ledger, [1], 2) == [1])
        _ = ledger.receive(1, isRepeated: false, hash: 11, serial: 3)
        #expect(ledger.receive(1, isRepeated: true, hash: 99, serial: 4) == .deliver)
    }

    @Test("After an acknowledgement a message that looks the same is a new one")
    func sameAgain() {
        var ledger = connected()
        _ = ledger.receive(1, isRepeated: false, hash: 11, serial: 1)
        #expect(complete(&ledger, [1], 1) == [1])
        #expect(ledger.receive(1, isRepeated: true, hash: 11, serial: 2) == .deliver)
    }

    @Test("A session that the broker does not know forgets everything")
    func newSession() {
        var ledger = connected()
        _ = ledger.receive(1, isRepeated: false, hash: 11, serial: 1)
        ledger.disconnect()
        ledger.connect(isSessionPresent: false)
        #expect(complete(&ledger, [1], 1).isEmpty)
        #expect(ledger.receive(1, isRepeated: true, hash: 11, serial: 2) == .deliver)
    }
}
