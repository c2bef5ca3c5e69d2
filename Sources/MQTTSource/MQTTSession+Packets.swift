import Core
import Sources

extension MQTTSession {
    /// How much of a message that is too large is kept for people to look at.
    static let truncatedByteCount = 4096
    /// The first byte of an alert of TLS.
    private static let alertOfTLS: UInt8 = 0x15

    /// Handles every whole packet in some bytes; how many bytes those were.
    mutating func consume(
        _ bytes: UnsafeRawBufferPointer,
        _ actions: inout [Action]
    ) throws(MQTTProtocolError) -> Int {
        var index = 0
        while index < bytes.count, phase != .offline {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[index...])
            if let passed = skip(rest.count) {
                index += passed
                continue
            }
            // A broker never sends what begins like this; a port of TLS does.
            if phase == .connecting, rest[0] == Self.alertOfTLS { throw .alertOfTLS }
            guard let frame = try PacketFrame(rest) else { break }
            // Told at once: the rest of what is no packet may never come.
            guard frame.kind == .publish || frame.flags == 0 else { throw .badFlags(frame.kind) }
            if frame.bodyByteCount > settings.messageByteCountMax {
                let headCount = frame.headerByteCount + settings.messageByteCountMax
                guard frame.kind == .publish, phase != .connecting else {
                    throw .tooLarge(frame.kind, byteCount: frame.bodyByteCount)
                }
                guard rest.count >= headCount else { break }
                try beginOversize(frame, Self.part(rest, frame.headerByteCount..<headCount))
                index += headCount
            } else {
                guard rest.count >= frame.byteCount else { break }
                let body = Self.part(rest, frame.headerByteCount..<frame.byteCount)
                try handle(frame, body, &actions)
                index += frame.byteCount
            }
        }
        return index
    }

    private static func part(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int>
    ) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[range])
    }

    private mutating func handle(
        _ frame: PacketFrame,
        _ body: UnsafeRawBufferPointer,
        _ actions: inout [Action]
    ) throws(MQTTProtocolError) {
        if frame.kind == .publish {
            guard phase != .connecting else { throw .unexpected(.publish) }
            let message = try PublishView(body, flags: frame.flags, version: version)
            receive(
                topic: message.topic,
                payload: message.payload,
                packetID: message.packetID,
                isRepeated: message.isRepeated
            )
            return
        }
        switch (frame.kind, phase) {
        case (.connack, .connecting):
            actions += connected(try ConnectAnswer(body, version: version))
        case (.suback, .subscribing):
            actions += try subscribed(SubscribeAnswer(body, version: version))
        case (.pingresp, .subscribing), (.pingresp, .ready):
            guard body.isEmpty else { throw .excess(.pingresp) }
        case (.disconnect, _) where version == .v5 && phase != .connecting:
            let notice = try DisconnectNotice(body)
            let failure = MQTTFailure(
                "the broker ended the connection",
                notice.reason,
                notice.properties
            )
            actions.append(.close(failure))
            phase = .offline
        default: throw .unexpected(frame.kind)
        }
    }

    // Messages.

    private mutating func receive(
        topic: UnsafeRawBufferPointer,
        payload: UnsafeRawBufferPointer,
        packetID: UInt16,
        isRepeated: Bool,
        marks: MessageBatch.Marks = []
    ) {
        status.receivedCount += 1
        status.receivedByteCount += topic.count + payload.count
        if packetID != 0 {
            let hash = XXHash64.hash(payload, seed: XXHash64.hash(topic))
            let verdict = ledger.receive(
                packetID,
                isRepeated: isRepeated,
                hash: hash,
                serial: pending.serial
            )
            switch verdict {
            case .deliver: pending.packetIDs.append(packetID)
            case .join:
                status.repeatedCount += 1
                return
            case .acknowledge:
                status.repeatedCount += 1
                status.acknowledgedCount += 1
                PacketWriter.appendAcknowledgement(of: packetID, to: &acknowledgements)
                return
            }
        }
        let match = router.match(topic)
        var marks = marks
        if match == nil {
            marks.insert(.isUnmatched)
            status.unmatchedCount += 1
        }
        if marks.contains(.isTruncated) { status.truncatedCount += 1 }
        pending.messages.append(
            address: topic,
            device: match?.device,
            sensor: match?.sensor,
            payload: payload,
            receivedAt: nextArrival(),
            marks: marks
        )
    }

    /// The time of the next message: later than that of the message before it.
    ///
    /// One read brings many messages, and two readings of a series at one time are a repetition.
    private mutating func nextArrival() -> Timestamp {
        // A clock that was put back is followed.
        let isFollowing = lastArrival <= readTime + .seconds(1)
        lastArrival = isFollowing ? max(readTime, lastArrival + .microseconds(1)) : readTime
        return lastArrival
    }

    /// Keeps the beginning of a message whose rest is passed over.
    private mutating func beginOversize(
        _ frame: PacketFrame,
        _ head: UnsafeRawBufferPointer
    ) throws(MQTTProtocolError) {
        let message: PublishView
        do throws(MQTTProtocolError) {
            message = try PublishView(head, flags: frame.flags, version: version)
        } catch .truncated {
            throw .tooLarge(.publish, byteCount: frame.bodyByteCount)
        }
        oversize = Oversize(
            topic: Array(message.topic),
            payload: Array(message.payload.prefix(Self.truncatedByteCount)),
            packetID: message.packetID,
            isRepeated: message.isRepeated,
            remainingByteCount: frame.bodyByteCount - head.count
        )
    }

    /// Passes over what is left of a message that is too large; `nil` when there is none.
    private mutating func skip(_ byteCount: Int) -> Int? {
        guard var message = oversize else { return nil }
        let passed = min(message.remainingByteCount, byteCount)
        message.remainingByteCount -= passed
        guard message.remainingByteCount == 0 else {
            oversize = message
            return passed
        }
        oversize = nil
        message.topic.withUnsafeBytes { topic in
            message.payload.withUnsafeBytes { payload in
                receive(
                    topic: topic,
                    payload: payload,
                    packetID: message.packetID,
                    isRepeated: message.isRepeated,
                    marks: .isTruncated
                )
            }
        }
        return passed
    }

    // Answers.

    private mutating func connected(_ answer: ConnectAnswer) -> [Action] {
        let properties = answer.properties
        guard answer.reason == .success else {
            phase = .offline
            let failure = MQTTFailure("the broker refused", answer.reason, properties)
            return [.close(failure)]
        }
        if let problem = lack(properties) {
            phase = .offline
            return [
                .send(PacketWriter.disconnect(.success, version: version)), .close(problem),
            ]
        }
        ledger.connect(isSessionPresent: answer.isSessionPresent)
        if let seconds = properties.serverKeepAliveSeconds, seconds > 0 {
            keepAlive = min(keepAlive, .seconds(Int64(seconds)))
        }
        var actions: [Action] = []
        if let seconds = properties.sessionExpirySeconds,
            Duration.seconds(Int64(seconds)) < settings.sessionExpiry
        {
            actions.append(
                .warn(
                    "the broker keeps messages for \(seconds) s only, "
                        + "not for \(settings.sessionExpiry.components.seconds) s"
                )
            )
        }
        guard hasSubscribed, answer.isSessionPresent else {
            phase = .subscribing
            subscribePacketID = subscribePacketID == .max ? 1 : subscribePacketID + 1
            let packet = PacketWriter.subscribe(
                filters,
                qualityOfService: UInt8(clamping: settings.qualityOfService),
                packetID: subscribePacketID,
                version: version
            )
            return actions + [.send(packet)]
        }
        phase = .ready
        return actions + [.ready]
    }

    /// What the broker says it does not have and these settings need.
    private func lack(_ properties: PacketProperties) -> MQTTFailure? {
        if settings.shareGroup != nil, !properties.allowsSharing {
            return MQTTFailure("the broker refused", ReasonCode(0x9E), PacketProperties())
        }
        let wildcard = filters.first { $0.contains { $0 == "+" || $0 == "#" } }
        if let wildcard, !properties.allowsWildcards {
            return MQTTFailure(
                "the broker refused \"\(wildcard)\"",
                ReasonCode(0xA2),
                PacketProperties()
            )
        }
        return nil
    }

    private mutating func subscribed(
        _ answer: SubscribeAnswer
    ) throws(MQTTProtocolError) -> [Action] {
        guard answer.packetID == subscribePacketID else { throw .unexpected(.suback) }
        guard answer.codes.count == filters.count else {
            throw .wrongGrantCount(got: answer.codes.count, wanted: filters.count)
        }
        var refusals: [MQTTFailure] = []
        var actions: [Action] = []
        for (filter, code) in zip(filters, answer.codes) {
            if code >= 0x80 {
                let failure = MQTTFailure(
                    "the broker refused the subscription to \"\(filter)\"",
                    ReasonCode(code),
                    answer.properties
                )
                refusals.append(failure)
                actions.append(.warn("\(failure)"))
            } else if code < settings.qualityOfService {
                actions.append(
                    .warn(
                        "the broker grants \"\(filter)\" QoS \(code) only: what is under way "
                            + "when something breaks is lost"
                    )
                )
            }
        }
        if refusals.count == filters.count, let first = refusals.first {
            phase = .offline
            return [
                .send(PacketWriter.disconnect(.success, version: version)),
                .close(MQTTFailure(first.error, isTransient: false)),
            ]
        }
        hasSubscribed = refusals.isEmpty
        phase = .ready
        return actions + [.ready]
    }
}
