import Core

/// Where the topic is that serves as the event log, and how it is used.
///
/// Azure Event Hubs through its Kafka endpoint (the password file holds the connection string;
/// Event Hubs knows no lz4 and closes quiet connections after four minutes):
///
/// ```swift
/// var settings = KafkaSettings(
///     brokers: "plant.servicebus.windows.net:9093", topic: "events")
/// settings.security = .saslSSL
/// settings.username = "$ConnectionString"
/// settings.password = try KafkaSecret(file: "/run/secrets/event-hubs")
/// settings.properties = [
///     "compression.type": "none", "metadata.max.age.ms": "180000",
///     "connections.max.idle.ms": "180000",
/// ]
/// ```
package struct KafkaSettings: Sendable, Equatable {
    /// How connections are protected.
    package enum Security: String, Sendable, CaseIterable {
        case plaintext
        case ssl
        case saslPlaintext = "sasl_plaintext"
        case saslSSL = "sasl_ssl"

        /// Whether it needs a username and a password.
        package var usesPassword: Bool { self == .saslPlaintext || self == .saslSSL }
    }

    /// Who decides which partition a series belongs to.
    package enum Partitioning: String, Sendable, CaseIterable {
        /// Our hash of the device does; an event elsewhere is rejected as `wrong_partition`.
        ///
        /// Every process decides alike, without asking another.
        case hash
        /// The topic's producers do: for topics that others fill with a partitioner of their own.
        ///
        /// A producer must keep a device on one partition. What breaks that gives a window of the
        /// same series on two partitions, whose second commit the window store must refuse.
        case any
    }

    /// `host:port`, comma-separated.
    package var brokers: String
    package var topic: String
    /// The consumer group; its members share the partitions.
    package var group = "fleetscore"
    /// The topic's partitions; nil takes what the topic has, 16 when it is made.
    ///
    /// - Range: 1 to 1024. Must not change over the life of the topic: series would move.
    package var partitionCount: Int?
    /// Replicas of a topic that is made; nil is the brokers' default.
    package var replication: Int?
    package var partitioning = Partitioning.hash
    package var security = Security.plaintext
    /// For the security modes with SASL.
    package var saslMechanism = "PLAIN"
    package var username: String?
    package var password: KafkaSecret?
    /// PEM certificates that brokers are checked against; nil means the system's.
    package var caFile: String?
    /// More librdkafka properties, such as `compression.type`.
    package var properties: [String: String] = [:]
    /// How long opening the log waits for a broker.
    package var connectTimeout = Duration.seconds(10)
    /// How long an append may take before it fails as unavailable.
    package var deliveryTimeout = Duration.seconds(10)
    /// Bytes that may wait to be acknowledged; appends beyond fail as exhausted.
    package var pendingByteCountMax = 64 << 20
    /// Bytes fetched ahead over all partitions, at least 1 MiB each; fetching pauses beyond.
    package var prefetchByteCountMax = 128 << 20
    /// A batch sent again counts once within so many offsets of its partition.
    ///
    /// Every start reads so many messages before the checkpoint.
    package var dedupeOffsetCount = 10_000

    /// Settings with the defaults.
    package init(brokers: String, topic: String) {
        self.brokers = brokers
        self.topic = topic
    }
}

extension KafkaSettings {
    /// Partitions of a topic that is made without a count.
    static let newPartitionCount = 16
    static let partitionCountMax = 1024

    /// Properties the log depends on or has a setting for.
    private static let reserved: Set<String> = [
        "acks", "allow.auto.create.topics", "auto.offset.reset", "bootstrap.servers",
        "enable.auto.commit", "enable.auto.offset.store", "enable.idempotence",
        "enable.partition.eof", "group.id", "isolation.level", "message.max.bytes",
        "message.timeout.ms", "delivery.timeout.ms", "metadata.broker.list",
        "queue.buffering.max.kbytes", "queued.max.messages.kbytes", "request.required.acks",
        "sasl.mechanism",
        "sasl.mechanisms", "sasl.password", "sasl.username", "security.protocol",
        "ssl.ca.location", "transactional.id",
    ]

    /// Checks every value.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` naming the setting and its value.
    package func validate() throws {
        let hosts = brokers.split(separator: ",", omittingEmptySubsequences: false)
        for host in hosts where !Self.isName(host, extra: ".:[]_-/") {
            throw Self.wrong("brokers", brokers, "write host:port,host:port")
        }
        guard Self.isName(topic, extra: "._-"), topic.utf8.count <= 249, topic != ".",
            topic != ".."
        else {
            throw Self.wrong("topic", topic, "use 1 to 249 letters, digits, dots, _ and -")
        }
        guard !group.isEmpty, group.utf8.count <= 255 else {
            throw Self.wrong("group", group, "use 1 to 255 bytes")
        }
        if let count = partitionCount, !(1...Self.partitionCountMax).contains(count) {
            throw Self.wrong("partitions", "\(count)", "use 1 to \(Self.partitionCountMax)")
        }
        if let replication, !(1...100).contains(replication) {
            throw Self.wrong("replication", "\(replication)", "use 1 to 100")
        }
        guard (.milliseconds(100) ... .seconds(300)).contains(deliveryTimeout) else {
            throw Self.wrong("delivery timeout", "\(deliveryTimeout)", "use 100 ms to 5 min")
        }
        guard (.milliseconds(100) ... .seconds(300)).contains(connectTimeout) else {
            throw Self.wrong("connect timeout", "\(connectTimeout)", "use 100 ms to 5 min")
        }
        guard (1 << 20...1 << 30).contains(pendingByteCountMax) else {
            throw Self.wrong("pending bytes", "\(pendingByteCountMax)", "use 1 MiB to 1 GiB")
        }
        guard (1 << 20...1 << 30).contains(prefetchByteCountMax) else {
            throw Self.wrong("prefetched bytes", "\(prefetchByteCountMax)", "use 1 MiB to 1 GiB")
        }
        guard (0...1_000_000).contains(dedupeOffsetCount) else {
            throw Self.wrong("dedupe offsets", "\(dedupeOffsetCount)", "use 0 to 1000000")
        }
        try validateSecurity()
        for name in properties.keys.sorted() where Self.reserved.contains(name) {
            throw FleetError(
                .invalidArgument,
                "the kafka property \"\(name)\" cannot be set by hand",
                hint: "the event log sets it itself or has a setting for it"
            )
        }
    }

    private func validateSecurity() throws {
        if security.usesPassword, username ?? "" == "" || password == nil {
            throw FleetError(
                .invalidArgument,
                "kafka security \(security.rawValue) needs a username and a password file"
            )
        }
        if !security.usesPassword, username != nil || password != nil {
            throw FleetError(
                .invalidArgument,
                "kafka security \(security.rawValue) would send no username and no password",
                hint: "set security to sasl_ssl"
            )
        }
        guard Self.isName(saslMechanism, extra: "-") else {
            throw Self.wrong("sasl mechanism", saslMechanism, "use PLAIN or SCRAM-SHA-256")
        }
    }

    private static func isName(_ text: some StringProtocol, extra: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: extra.utf8.contains(byte)
                }
            }
    }

    private static func wrong(_ name: String, _ value: String, _ hint: String) -> FleetError {
        FleetError(
            .invalidArgument,
            "the kafka \(name) \"\(value.prefix(80))\" is not allowed",
            hint: hint
        )
    }
}
