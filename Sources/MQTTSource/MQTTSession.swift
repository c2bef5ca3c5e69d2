import Core
import Sources

/// The client's side of a session at a broker: bytes in, actions and batches of messages out.
///
/// Pure: it reads no socket and no clock. A connection goes from connecting to subscribing to
/// ready; a session outlives connections, and so does what was received and is not durable yet.
///
/// | phase | can become |
/// |---|---|
/// | offline | connecting |
/// | connecting | subscribing, ready, offline |
/// | subscribing | ready, offline |
/// | ready | offline |
struct MQTTSession {
    enum Phase: Sendable, Hashable {
        case offline, connecting, subscribing, ready
    }

    /// What the shell is to do, in order.
    enum Action: Sendable {
        case send([UInt8])
        /// The broker has accepted the client and its subscriptions.
        case ready
        /// The first message waits to be taken.
        case messages
        /// Something works less well than it should.
        case warn(String)
        case close(MQTTFailure)
    }

    /// The batch that is being filled, or is with the sink, and what to acknowledge with it.
    struct Batch {
        var messages = MessageBatch()
        var packetIDs: [UInt16] = []
        var serial: UInt32 = 1
    }

    /// The beginning of a message that is too large, and how much of it is still to come.
    struct Oversize {
        let topic: [UInt8]
        let payload: [UInt8]
        let packetID: UInt16
        let isRepeated: Bool
        var remainingByteCount: Int
    }

    let settings: MQTTSettings
    let router: TopicRouter
    let filters: [String]
    var phase = Phase.offline
    var version: MQTTVersion
    var status = SourceStatus()
    var ledger = DeliveryLedger()
    var pending = Batch()
    var oversize: Oversize?
    var subscribePacketID: UInt16 = 0
    /// Whether the broker has taken every subscription of these settings.
    var hasSubscribed = false
    var keepAlive: Duration
    /// When what is being read came in.
    var readTime = Timestamp(microseconds: 0)
    /// The arrival time of the last message.
    var lastArrival = Timestamp.distantPast
    /// Acknowledgements that need no batch.
    var acknowledgements: [UInt8] = []
    private(set) var isFinishing = false
    private(set) var isPaused = false
    /// Whether the goodbye was said; what still comes is read and thrown away.
    private var isLeaving = false
    private var inHand: Batch?
    private var inHandCount = 0
    private var carry: [UInt8] = []
    private var hasHeard = false
    private var wasPaused = false
    private var isPingOut = false

    /// - Throws: ``FleetError`` when a topic template cannot be read.
    init(settings: MQTTSettings) throws {
        self.settings = settings
        router = TopicRouter(templates: try settings.topics.map(TopicTemplate.init(parsing:)))
        filters = router.filters(shareGroup: settings.shareGroup)
        version = settings.protocolChoice == .v311 ? .v311 : .v5
        keepAlive = settings.keepAlive
    }

    /// Begins a connection that has just been made.
    mutating func open(password: [UInt8]?) -> [Action] {
        phase = .connecting
        keepAlive = settings.keepAlive
        hasHeard = false
        isPingOut = false
        return [
            .send(
                PacketWriter.connect(
                    PacketWriter.Connect(
                        version: version,
                        clientID: settings.clientID,
                        username: settings.username,
                        password: password,
                        sessionExpirySeconds: UInt32(
                            clamping: settings.sessionExpiry.components.seconds
                        ),
                        keepAliveSeconds: UInt16(clamping: keepAlive.components.seconds),
                        receiveMaximum: UInt16(clamping: settings.receiveMaximum)
                    )
                )
            )
        ]
    }

    /// Takes bytes of the connection, cut anywhere.
    mutating func receive(_ bytes: UnsafeRawBufferPointer, at time: Timestamp) -> [Action] {
        guard phase != .offline, !isFinishing else { return [] }
        hasHeard = true
        readTime = time
        let wasEmpty = pending.messages.isEmpty
        var actions: [Action] = []
        do throws(MQTTProtocolError) {
            if carry.isEmpty {
                let used = try consume(bytes, &actions)
                carry.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[used...]))
            } else {
                carry.append(contentsOf: bytes)
                let whole = carry
                carry = []
                let used = try consumeArray(whole, &actions)
                if used < whole.count { carry = Array(whole[used...]) }
            }
        } catch {
            actions.append(.send(PacketWriter.disconnect(error.reason, version: version)))
            actions.append(.close(MQTTFailure(error)))
        }
        if !acknowledgements.isEmpty {
            actions.append(.send(acknowledgements))
            acknowledgements = []
        }
        if wasEmpty, !pending.messages.isEmpty { actions.append(.messages) }
        return actions
    }

    private mutating func consumeArray(
        _ bytes: [UInt8],
        _ actions: inout [Action]
    ) throws(MQTTProtocolError) -> Int {
        // A closure would lose the type of the error.
        let result = bytes.withUnsafeBytes { buffer -> Result<Int, MQTTProtocolError> in
            do throws(MQTTProtocolError) {
                return .success(try consume(buffer, &actions))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Whether the socket may be read; when not, it is paused until messages are taken.
    mutating func mayRead() -> Bool {
        let isFull =
            pending.messages.count >= settings.pendingMessageCountMax
            || pending.messages.byteCount >= settings.pendingByteCountMax
        // The answer to CONNECT does not wait for the sink.
        isPaused = !isLeaving && (isFinishing || (isFull && phase != .connecting))
        if isPaused { wasPaused = true }
        return !isPaused
    }

    /// Gives away what was received, when nothing else is in hand.
    mutating func take() -> MessageBatch? {
        guard inHand == nil, !pending.messages.isEmpty else { return nil }
        let messages = pending.messages
        inHandCount = messages.count
        inHand = pending
        inHand?.messages = MessageBatch()
        pending.messages = MessageBatch()
        pending.packetIDs = []
        pending.serial = pending.serial == .max ? 1 : pending.serial + 1
        return messages
    }

    /// Notes that the batch in hand is durable; gives the bytes to send, which may be none.
    mutating func complete() -> [UInt8] {
        guard let batch = inHand else { return [] }
        inHand = nil
        inHandCount = 0
        var bytes: [UInt8] = []
        bytes.reserveCapacity(batch.packetIDs.count * 4)
        ledger.complete(batch.packetIDs, serial: batch.serial) { packetID in
            PacketWriter.appendAcknowledgement(of: packetID, to: &bytes)
        }
        status.acknowledgedCount += bytes.count / 4
        return bytes
    }

    /// Whether nothing that was received waits or is in hand.
    var isDrained: Bool { inHand == nil && pending.messages.isEmpty }

    /// Messages that were received and are not durable yet, as far as the sink has said.
    var undeliveredCount: Int { pending.messages.count + inHandCount }

    /// How long after the last call ``tick()`` is to be called.
    var tickInterval: Duration { phase == .ready ? keepAlive / 2 : settings.connectTimeout }

    /// Looks after the connection: asks for a sign of life, gives up one that shows none.
    mutating func tick() -> [Action] {
        // What is not read shows no life.
        let mayBeDeaf = isPaused || wasPaused
        defer {
            hasHeard = false
            wasPaused = isPaused
        }
        switch phase {
        case .offline: return []
        case .connecting, .subscribing:
            guard mayBeDeaf else {
                return [.close(Self.silence("did not answer", settings.connectTimeout))]
            }
        case .ready:
            if isPingOut, !hasHeard, !mayBeDeaf {
                return [.close(Self.silence("fell silent", keepAlive))]
            }
        }
        guard phase != .connecting else { return [] }
        isPingOut = true
        return [.send(PacketWriter.ping)]
    }

    private static func silence(_ what: String, _ time: Duration) -> MQTTFailure {
        MQTTFailure(
            FleetError(.timeout, "the broker \(what) within \(time)"),
            isTransient: true
        )
    }

    /// Takes no more from the connection from now on.
    mutating func finish() {
        isFinishing = true
    }

    /// Ends the connection in good order; the bytes to send.
    ///
    /// The broker closes. Closing with bytes unread would throw away acknowledgements that are
    /// still on their way.
    mutating func goodbye() -> [UInt8] {
        defer {
            disconnected()
            isLeaving = true
        }
        return phase == .offline ? [] : PacketWriter.disconnect(.success, version: version)
    }

    /// Notes that the connection is gone; what was received stays.
    mutating func disconnected() {
        phase = .offline
        carry = []
        oversize = nil
        acknowledgements = []
        isPaused = false
        ledger.disconnect()
    }
}
