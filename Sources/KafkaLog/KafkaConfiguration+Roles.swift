import CRdKafka
import Core

extension KafkaConfiguration {
    /// The producer: every message acknowledged by all in-sync replicas, never doubled by a retry.
    static func producer(_ settings: KafkaSettings) -> KafkaConfiguration {
        var configuration = KafkaConfiguration(
            properties: [
                ("compression.type", "lz4"), ("linger.ms", "2"),
            ]
        )
        configuration.callbacks = .delivery
        configuration.add(settings)
        configuration.properties += [
            ("enable.idempotence", "true"),
            ("message.timeout.ms", "\(settings.deliveryTimeout.milliseconds)"),
            ("message.max.bytes", "1000000"),
            ("queue.buffering.max.kbytes", "\(settings.pendingByteCountMax >> 10)"),
        ]
        return configuration
    }

    /// The member of the group: it only learns which partitions are ours, and fetches nothing.
    static func member(_ settings: KafkaSettings) -> KafkaConfiguration {
        var configuration = KafkaConfiguration(
            properties: [
                ("partition.assignment.strategy", assignor(version: rd_kafka_version())),
                ("session.timeout.ms", "6000"), ("heartbeat.interval.ms", "1500"),
                // The group waits so long for a member that is gone; ours polls all the time.
                ("max.poll.interval.ms", "10000"),
            ]
        )
        configuration.callbacks = .rebalance
        configuration.add(settings)
        configuration.properties += [
            ("group.id", settings.group), ("enable.auto.commit", "false"),
            ("enable.auto.offset.store", "false"),
        ]
        return configuration
    }

    /// How a group shares partitions, by the version of librdkafka.
    ///
    /// Before 2.3 a member that leaves before its first assignment can abort the process when the
    /// assignor keeps a state, as the cooperative one does.
    static func assignor(version: Int32) -> String {
        version < 0x0203_0000 ? "range" : "cooperative-sticky"
    }

    /// The fetcher: reads from the offsets it is told and from no others.
    ///
    /// The library's bound on what is fetched ahead is per partition.
    static func fetcher(_ settings: KafkaSettings, partitionCount: Int) -> KafkaConfiguration {
        let byteCount = max(1 << 20, settings.prefetchByteCountMax / max(1, partitionCount))
        var configuration = KafkaConfiguration(
            properties: [("fetch.wait.max.ms", "100"), ("fetch.error.backoff.ms", "100")]
        )
        // Newer versions wait a second after their queue was full.
        configuration.optionalProperties = [("fetch.queue.backoff.ms", "1")]
        configuration.add(settings)
        configuration.properties += [
            ("enable.auto.commit", "false"), ("enable.auto.offset.store", "false"),
            ("auto.offset.reset", "error"), ("enable.partition.eof", "true"),
            ("isolation.level", "read_committed"), ("check.crcs", "true"),
            ("queued.max.messages.kbytes", "\(byteCount >> 10)"),
        ]
        return configuration
    }

    private mutating func add(_ settings: KafkaSettings) {
        properties += [
            ("client.id", "fleetscore"), ("socket.keepalive.enable", "true"),
            ("reconnect.backoff.max.ms", "2000"),
        ]
        properties += settings.properties.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        properties += [
            ("bootstrap.servers", settings.brokers),
            ("security.protocol", settings.security.rawValue),
        ]
        if let file = settings.caFile { properties.append(("ssl.ca.location", file)) }
        guard settings.security.usesPassword else { return }
        properties.append(("sasl.mechanisms", settings.saslMechanism))
        if let username = settings.username { properties.append(("sasl.username", username)) }
        if let password = settings.password {
            properties.append(("sasl.password", password.value))
        }
    }
}

extension Duration {
    /// Whole milliseconds, cut to what fits in 32 bits.
    var milliseconds: Int32 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return seconds < 0 ? 0 : .max }
        return Int32(
            clamping: product.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
                .partialValue
        )
    }
}
