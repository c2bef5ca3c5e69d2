package import Core
package import Logging
package import NIOCore
internal import NIOPosix
package import Sources

/// Subscribes to an MQTT broker and acknowledges messages after the sink has made them durable.
///
/// Delivery: at least once with QoS 1. The session stays at the broker while this client is away;
/// messages that come again after a broken connection are recognised within one run. Messages of
/// QoS 0 are as safe as the connection.
///
/// Concurrency: one event loop reads, one task delivers, one batch at a time, in order. While the
/// sink is busy the next batch gathers; when that is full the socket is not read.
package final class MQTTSource: EventSource {
    package let name: String
    private let settings: MQTTSettings
    private let link: MQTTLink
    private let connector: MQTTConnector
    private let delivery: Delivery
    private let clock: any Clock<Duration>
    private let random: @Sendable () -> Double
    private let logger: Logger
    private let finishing = Wakeup()

    /// How long a broker may take to close a connection after the goodbye.
    private static let goodbyeTimeout = Duration.seconds(2)

    /// Checks the settings; nothing is connected before ``run()``.
    ///
    /// - Range: `random` gives numbers from 0 to 1, for the jitter of waits.
    /// - Throws: ``FleetError`` `.invalidArgument` when a setting is wrong.
    package init(
        name: String,
        settings: MQTTSettings,
        sink: any EventSink,
        clock: any Clock<Duration>,
        wallClock: any WallClock,
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
        logger: Logger,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) throws {
        try settings.validate()
        self.name = name
        self.settings = settings
        self.clock = clock
        self.random = random
        self.logger = logger
        connector = try MQTTConnector(settings: settings, group: group)
        link = MQTTLink(session: try MQTTSession(settings: settings), wallClock: wallClock) {
            logger.warning("source.degraded", metadata: ["source": "\(name)", "reason": "\($0)"])
        }
        delivery = Delivery(to: sink, source: name, clock: clock, random: random, logger: logger)
    }

    package var status: SourceStatus { link.status }

    package func finish() {
        link.finish()
        finishing.raise()
    }

    private enum Part {
        case connecting, delivering, deadline
    }

    package func run() async throws {
        warnOfOverlaps()
        defer { link.note(.stopped) }
        try await withThrowingTaskGroup(of: Part.self) { group in
            group.addTask {
                try await self.stayConnected()
                return .connecting
            }
            group.addTask {
                try await self.deliver()
                return .delivering
            }
            group.addTask {
                await self.finishing.wait()
                try await self.clock.sleep(for: self.settings.shutdownTimeout)
                return .deadline
            }
            defer { group.cancelAll() }
            while let part = try await group.next() {
                switch part {
                case .connecting: continue
                case .delivering: return
                case .deadline:
                    logger.warning(
                        "source stopped before all was taken; the rest stays with the broker",
                        metadata: ["source": "\(name)", "messages": "\(status.pendingCount)"]
                    )
                    return
                }
            }
        }
    }

    private func warnOfOverlaps() {
        let templates = settings.topics.compactMap { try? TopicTemplate(parsing: $0) }
        for (index, template) in templates.enumerated() {
            for other in templates[(index + 1)...] where template.overlaps(other) {
                logger.warning(
                    "topic templates overlap: a broker may send such a message twice",
                    metadata: ["source": "\(name)", "first": "\(template)", "other": "\(other)"]
                )
            }
        }
    }

    // Delivering.

    /// Gives batches to the sink and acknowledges them; ends with the goodbye after ``finish()``.
    private func deliver() async throws {
        while true {
            try Task.checkCancellation()
            if let batch = link.take() {
                try await delivery.deliver(batch) { link.noteRefusal($0) }
                link.complete()
            } else if link.isFinishing, link.isDrained {
                return await leave()
            } else {
                await link.wakeup.wait()
            }
        }
    }

    /// Says goodbye and waits for the broker to close, which shows that it has read everything.
    private func leave() async {
        guard let channel = link.goodbye() else { return }
        let timeout = Task { [clock] in
            try await clock.sleep(for: Self.goodbyeTimeout)
            channel.close(promise: nil)
        }
        await withTaskCancellationHandler {
            try? await channel.closeFuture.get()
        } onCancel: {
            channel.close(promise: nil)
        }
        timeout.cancel()
    }

    // Connecting.

    /// Connects again and again, until cancelled or finishing.
    private func stayConnected() async throws {
        var backoff = settings.reconnect
        while !link.isFinishing {
            link.note(.connecting)
            let failure = await connectOnce()
            try Task.checkCancellation()
            guard !link.isFinishing else { return }
            if failure.isUnknownVersion, settings.protocolChoice == .automatic,
                link.version == .v5
            {
                logger.info(
                    "the broker does not speak MQTT 5; using 3.1.1",
                    metadata: ["source": "\(name)"]
                )
                link.use(.v311)
                continue
            }
            if link.takeStability() { backoff.reset() }
            let delay =
                failure.isTransient ? backoff.next(random: random()) : settings.refusedDelay
            link.note(.waiting, error: failure.description)
            logger.warning(
                "source is not connected and tries again",
                metadata: [
                    "source": "\(name)", "broker": "\(settings.url)", "error": "\(failure)",
                    "delay": "\(delay)",
                ]
            )
            try await clock.sleep(for: delay)
        }
    }

    /// Makes a connection and returns when it has ended, with the reason.
    private func connectOnce() async -> MQTTFailure {
        let channel: any Channel
        do {
            channel = try await connector.connect(link)
        } catch {
            return connector.failure(error, hasAnswer: false)
        }
        await withTaskCancellationHandler {
            await withTaskGroup { group in
                group.addTask { await self.lookAfter() }
                try? await channel.closeFuture.get()
                group.cancelAll()
            }
        } onCancel: {
            channel.close(promise: nil)
        }
        link.closed(channel)
        return link.failure ?? connector.closed(beforeAnswer: !link.hasAnswer)
    }

    private func lookAfter() async {
        do {
            while !Task.isCancelled {
                try await clock.sleep(for: link.tickInterval)
                link.tick()
            }
        } catch {
            // Cancelled: the connection is gone.
        }
    }
}
