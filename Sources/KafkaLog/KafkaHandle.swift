import CRdKafka
import Core
import Logging
import Synchronization

/// What a handle's callbacks reach: the logger and the last connection error.
///
/// - Concurrency: any thread of the library.
final class KafkaEvents: Sendable {
    let logger: Logger
    private let problem = Mutex<String?>(nil)
    /// Gets what a group gives and takes, on the polling thread.
    let rebalanced: @Sendable (PartitionChange) -> Void

    init(
        logger: Logger,
        rebalanced: @escaping @Sendable (PartitionChange) -> Void = { _ in }
    ) {
        self.logger = logger
        self.rebalanced = rebalanced
    }

    /// What went wrong last, for messages of errors that follow from it.
    var lastProblem: String? { problem.withLock { $0 } }

    func note(_ text: String) {
        problem.withLock { $0 = text }
    }
}

/// One client instance of librdkafka with its callbacks.
///
/// - Concurrency: any thread may use ``pointer`` until ``destroy()``.
// SAFETY: librdkafka handles are thread-safe; `isDestroyed` is behind a lock and the pointer never
// changes.
final class KafkaHandle: @unchecked Sendable {
    let pointer: OpaquePointer
    let events: KafkaEvents
    private let isDestroyed = Mutex(false)

    /// Makes an instance; nothing is connected yet.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` naming a property that is not allowed.
    init(
        _ type: rd_kafka_type_t,
        _ configuration: KafkaConfiguration,
        events: KafkaEvents
    ) throws {
        let conf = try configuration.make(for: type)
        let opaque = Unmanaged.passRetained(events)
        rd_kafka_conf_set_opaque(conf, opaque.toOpaque())
        var text = [CChar](repeating: 0, count: 512)
        guard let pointer = rd_kafka_new(type, conf, &text, text.count) else {
            rd_kafka_conf_destroy(conf)
            opaque.release()
            throw FleetError(
                .invalidArgument,
                "the kafka client cannot start: \(String(cText: text))"
            )
        }
        self.pointer = pointer
        self.events = events
    }

    deinit { destroy() }

    /// Ends the instance and waits for its threads; the second time it does nothing.
    func destroy() {
        let isFirst = isDestroyed.withLock { isDestroyed in
            defer { isDestroyed = true }
            return !isDestroyed
        }
        guard isFirst else { return }
        rd_kafka_destroy(pointer)
        Unmanaged.passUnretained(events).release()
    }
}

/// Properties of one instance, and which callbacks it has.
struct KafkaConfiguration: Sendable {
    enum Callbacks: Sendable { case none, delivery, rebalance }

    /// In the order they are set: later ones win.
    var properties: [(name: String, value: String)]
    /// Set when the library at hand knows them.
    var optionalProperties: [(name: String, value: String)] = []
    var callbacks = Callbacks.none

    /// The configuration as librdkafka has it; whoever gets it owns it.
    func make(for type: rd_kafka_type_t) throws -> OpaquePointer {
        guard let conf = rd_kafka_conf_new() else {
            throw FleetError(.resourceExhausted, "the kafka client has no memory to start")
        }
        var text = [CChar](repeating: 0, count: 512)
        for (name, value) in properties {
            let result = rd_kafka_conf_set(conf, name, value, &text, text.count)
            guard result == RD_KAFKA_CONF_OK else {
                rd_kafka_conf_destroy(conf)
                throw FleetError(
                    .invalidArgument,
                    "the kafka property \"\(name)\" cannot be set: \(String(cText: text))"
                )
            }
        }
        for (name, value) in optionalProperties {
            _ = rd_kafka_conf_set(conf, name, value, nil, 0)
        }
        rd_kafka_conf_set_log_cb(conf, kafkaDidLog)
        rd_kafka_conf_set_error_cb(conf, kafkaDidFail)
        switch callbacks {
        case .none: break
        case .delivery: rd_kafka_conf_set_dr_msg_cb(conf, kafkaDidDeliver)
        case .rebalance: rd_kafka_conf_set_rebalance_cb(conf, kafkaDidRebalance)
        }
        return conf
    }
}

private func kafkaDidLog(
    _ handle: OpaquePointer?,
    _ level: Int32,
    _ facility: UnsafePointer<CChar>?,
    _ text: UnsafePointer<CChar>?
) {
    guard let handle, let opaque = rd_kafka_opaque(handle), let text else { return }
    let events = Unmanaged<KafkaEvents>.fromOpaque(opaque).takeUnretainedValue()
    let metadata: Logger.Metadata = ["kafka.message": "\(String(cString: text))"]
    switch level {
    case ...4: events.logger.warning("kafka client", metadata: metadata)
    case 5, 6: events.logger.info("kafka client", metadata: metadata)
    default: events.logger.debug("kafka client", metadata: metadata)
    }
}

private func kafkaDidFail(
    _ handle: OpaquePointer?,
    _ error: Int32,
    _ reason: UnsafePointer<CChar>?,
    _ opaque: UnsafeMutableRawPointer?
) {
    guard let opaque, let reason else { return }
    let events = Unmanaged<KafkaEvents>.fromOpaque(opaque).takeUnretainedValue()
    // "All brokers are down" says less than the reason that came before.
    if error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN.rawValue, events.lastProblem != nil { return }
    events.note(String(cString: reason))
}

extension String {
    /// The text of a C buffer up to its first zero.
    init(cText: [CChar]) {
        self.init(
            decoding: cText.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
    }
}
