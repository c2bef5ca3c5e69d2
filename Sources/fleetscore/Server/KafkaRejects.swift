import Core
import KafkaLog
import Logging
import ServiceLifecycle
import Store

/// Keeps what others wrote to the topic and cannot be read, away from the reading thread.
///
/// Bounded: what comes faster than the store takes it is counted as lost in the log. Reading the
/// same offsets again reports it again; the store keeps one letter an offset.
struct KafkaRejects: Service {
    private let stream: AsyncStream<[KafkaReject]>
    private let continuation: AsyncStream<[KafkaReject]>.Continuation
    private let store: any WindowStore
    private let logger: Logger

    private static let batchCountMax = 1000

    init(store: any WindowStore, logger: Logger) {
        self.store = store
        self.logger = logger
        (stream, continuation) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingNewest(Self.batchCountMax)
        )
    }

    /// Takes rejects; returns at once.
    var take: @Sendable ([KafkaReject]) -> Void {
        let continuation = continuation
        return { continuation.yield($0) }
    }

    func run() async throws {
        await withGracefulShutdownHandler {
            for await rejects in stream {
                do {
                    try await store.addDeadLetters(
                        rejects.map(Self.letter),
                        counts: Self.counts(rejects)
                    )
                } catch {
                    logger.warning(
                        "rejected messages could not be kept",
                        metadata: ["error": "\(error)", "messages": "\(rejects.count)"]
                    )
                }
            }
        } onGracefulShutdown: {
            continuation.finish()
        }
    }

    private static func letter(_ reject: KafkaReject) -> DeadLetter {
        DeadLetter(
            receivedAt: reject.time,
            reason: DeadLetterReason(rawValue: reject.reject.reason),
            source: "kafka",
            text: reject.reject.sample,
            partition: reject.partition,
            offset: reject.offset
        )
    }

    private static func counts(_ rejects: [KafkaReject]) -> [EventCount] {
        var counts: [String: Int64] = [:]
        for reject in rejects {
            counts[reject.reject.reason, default: 0] += Int64(reject.reject.count)
        }
        return counts.map {
            EventCount(reason: DeadLetterReason(rawValue: $0.key), count: $0.value)
        }
    }
}
