import Core
import Disk
import EventLog
import KafkaLog
import Logging
import Pipelines
import Store
import Wire

/// Opens the event log that the settings name: the embedded one, or a Kafka topic.
struct EventLogOpener {
    let document: ServerDocument
    let limits: Limits
    let disk: any Disk
    let wallClock: any WallClock
    let clock: any Clock<Duration>
    let logger: Logger

    /// A log, and the embedded one by itself where it is that.
    struct Opened {
        let log: any EventLog
        let segments: SegmentLog?
    }

    /// Opens the log of the server; `reject` gets what others wrote to a topic and cannot be read.
    func open(reject: @escaping @Sendable ([KafkaReject]) -> Void) async throws -> Opened {
        guard let kafka = try kafkaSettings() else {
            let log = try await SegmentLog.open(
                disk: disk,
                configuration: segmentConfiguration,
                limits: limits,
                wallClock: wallClock,
                clock: clock
            )
            if log.recovery.cutByteCount > 0 {
                logger.notice(
                    "the log's torn tail was cut; nothing acknowledged was in it",
                    metadata: ["bytes": "\(log.recovery.cutByteCount)"]
                )
            }
            return Opened(log: log, segments: log)
        }
        let log = try await kafkaLog(
            kafka,
            joinsGroup: document.settings.roles.contains(.aggregate),
            reject: reject
        )
        return Opened(log: log, segments: nil)
    }

    /// A reader of a topic beside the aggregator's; nil where one log serves many readers.
    func openReader() async throws -> (any EventLog)? {
        guard let kafka = try kafkaSettings() else { return nil }
        return try await kafkaLog(kafka, joinsGroup: false) { _ in }
    }

    private func kafkaLog(
        _ settings: KafkaSettings,
        joinsGroup: Bool,
        reject: @escaping @Sendable ([KafkaReject]) -> Void
    ) async throws -> KafkaLog {
        let limits = limits
        let wallClock = wallClock
        return try await KafkaLog.open(
            settings,
            joinsGroup: joinsGroup,
            limits: limits,
            wallClock: wallClock,
            clock: clock,
            logger: logger,
            decodeForeign: { message, events in
                ForeignEvents.decode(message, into: &events, limits, wallClock.now)
            },
            reject: reject
        )
    }

    private var segmentConfiguration: LogConfiguration {
        var configuration = LogConfiguration()
        configuration.partitionCount = document.settings.partitionCount
        configuration.retention = document.settings.logRetention
        configuration.keepsUntilCaptured = document.settings.captures
        configuration.cacheByteCount = 64 << 20
        configuration.preparesSegments = true
        return configuration
    }

    /// The topic's settings; nil for the embedded log.
    private func kafkaSettings() throws -> KafkaSettings? {
        guard document.settings.log == "kafka", let kafka = document.kafka else { return nil }
        var settings = KafkaSettings(
            brokers: kafka.brokers.joined(separator: ","),
            topic: kafka.topic
        )
        settings.group = kafka.group
        settings.partitionCount = kafka.partitionCount
        settings.replication = kafka.replication
        settings.security = KafkaSettings.Security(rawValue: kafka.security) ?? .plaintext
        settings.username = kafka.username
        settings.password = try kafka.passwordFile.map { try KafkaSecret(file: $0) }
        settings.caFile = kafka.caFile
        settings.properties = kafka.properties
        if let word = kafka.partitioning {
            settings.partitioning = KafkaSettings.Partitioning(rawValue: word) ?? .hash
        }
        return settings
    }
}

/// Reads what other programs write to the topic, in any format that HTTP takes.
enum ForeignEvents {
    /// Appends the events of a message; the message's key is the device of events that name none.
    static func decode(
        _ message: ForeignMessage,
        into events: inout EventBatch,
        _ limits: Limits,
        _ now: Timestamp
    ) -> [ForeignReject] {
        var options = DecodeOptions()
        options.latestTime = now + limits.timeAheadMax
        // A time beyond that is none, as that of an event is.
        if let time = message.time, time <= now + limits.timeAheadMax { options.receivedAt = time }
        if SeriesKey.isAllowed(message.key) {
            options.givenDevice = String(decoding: message.key, as: UTF8.self)
        }
        do {
            let decoded = try EventDecoder.decode(
                message.value,
                format: EventFormat(lookingAt: message.value),
                options: options,
                limits: limits
            )
            guard decoded.eventCount > 0 || decoded.ignoredFieldCount > 0 else {
                throw FleetError(.invalidArgument, "the message has no event")
            }
            events.append(contentsOf: decoded.batch)
            var rejects = decoded.rejected.map {
                ForeignReject(reason: $0.reason.rawValue, sample: $0.sample)
            }
            let rest = decoded.rejectedCount - rejects.count
            if rest > 0 {
                rejects.append(ForeignReject(reason: "malformed", sample: "", count: rest))
            }
            return rejects
        } catch {
            let start = message.value.prefix(200)
            return [
                ForeignReject(
                    reason: "malformed",
                    sample: String(decoding: start, as: UTF8.self)
                )
            ]
        }
    }
}
