import Core
import HTTPTypes
import Hummingbird
import Service
import Synchronization
import Wire

/// Reads bodies of events: within limits of size, of pace, and of memory over all requests.
struct EventBody: Sendable {
    private let backend: Backend
    private let room: BodyRoom

    /// How long a body may take before its pace counts.
    private static let graceSeconds = 30.0
    /// The pace a body must have after that: a sender that trickles holds its room only so long.
    private static let bytesPerSecondMin = 16_384.0
    /// Bytes that are decoded in a millisecond or two.
    static let shortByteCount = 512 << 10

    init(backend: Backend) {
        self.backend = backend
        room = BodyRoom(byteCountMax: max(256 << 20, 4 * backend.settings.limits.bodyByteCountMax))
    }

    /// Uses the events' bytes, decompressed as `Content-Encoding` says; long ones on the pool.
    ///
    /// - Throws: `HTTPError` 413 above the limit before or after decompression, 408 for a sender
    ///   that is too slow; ``FleetError`` `.resourceExhausted` when too many bodies come at once.
    func read<Result: Sendable>(
        _ request: Request,
        _ use: ([UInt8]) async throws -> Result
    ) async throws -> Result {
        let limit = backend.settings.limits.bodyByteCountMax
        var held = 0
        defer { room.give(held) }
        var bytes: [UInt8] = []
        let announced = Self.announced(request.head)
        guard announced <= limit else { throw Self.tooLarge(limit) }
        // What it says is believed up to what a batch mostly has.
        bytes.reserveCapacity(max(0, min(announced, 1 << 20)))
        let start = backend.clock.now
        for try await chunk in request.body {
            let count = chunk.readableBytes
            guard count <= limit - bytes.count else { throw Self.tooLarge(limit) }
            guard room.take(count) else { throw BodyRoom.full }
            held += count
            bytes.append(contentsOf: chunk.readableBytesView)
            if let error = Self.tooSlow(bytes.count, since: start, backend.clock) { throw error }
        }
        let encodings = try BodyEncoding.parse(request.headers[.contentEncoding])
        if encodings.isEmpty, bytes.count <= Self.shortByteCount { return try await use(bytes) }
        let body = bytes
        // A long body would hold up the other connections of its event loop.
        return try await withTaskExecutorPreference(globalConcurrentExecutor) {
            guard !encodings.isEmpty else { return try await use(body) }
            let share = BodyRoom.Share(room)
            // What it holds is in use until then.
            defer { withExtendedLifetime(share) {} }
            return try await use(Self.decompress(body, encodings, limit, share))
        }
    }

    private static func announced(_ head: HTTPRequest) -> Int {
        head.headerFields[.contentLength].flatMap { Int($0) } ?? 0
    }

    /// Whether a sender asks to be told before it sends a body, and may send it.
    func mayCome(_ head: HTTPRequest) -> Bool {
        guard head.headerFields[.expect]?.lowercased() == "100-continue" else { return false }
        let path = head.path.map { String($0.prefix { $0 != "?" }) } ?? ""
        return !EventPost.paths.contains(path)
            || Self.announced(head) <= backend.settings.limits.bodyByteCountMax
    }

    /// The most bytes that ``EventPostHandler`` takes.
    var shortByteCountMax: Int {
        min(Self.shortByteCount, backend.settings.limits.bodyByteCountMax)
    }

    /// Whether there was room for so many bytes more; they are held then, until they are given.
    func take(_ byteCount: Int) -> Bool { room.take(byteCount) }

    func give(_ byteCount: Int) { room.give(byteCount) }

    /// What is said to a sender of which so many bytes came since then; nil while that will do.
    static func tooSlow(
        _ byteCount: Int,
        since start: Timestamp,
        _ clock: any WallClock
    ) -> HTTPError? {
        let seconds = (clock.now - start).inSeconds
        guard Double(byteCount) < (seconds - graceSeconds) * bytesPerSecondMin else { return nil }
        return HTTPError(
            .requestTimeout,
            message: "the body came too slowly: \(byteCount) bytes in \(Int(seconds)) s"
        )
    }

    @concurrent
    private static func decompress(
        _ bytes: [UInt8],
        _ encodings: [BodyEncoding],
        _ limit: Int,
        _ share: BodyRoom.Share
    ) async throws -> [UInt8] {
        do {
            return try BodyDecompressor.decompress(
                bytes,
                encodings: encodings,
                byteCountMax: limit,
                reserve: share.take
            )
        } catch let error as FleetError where error.code == .resourceExhausted {
            guard !error.isRetriable else { throw error }
            throw HTTPError(.contentTooLarge, message: error.message)
        }
    }

    private static func tooLarge(_ limit: Int) -> HTTPError {
        HTTPError(
            .contentTooLarge,
            message: "the body is larger than the \(limit) bytes that the server takes"
        )
    }
}

/// Bytes of event bodies held over all requests, so that many large ones cannot use all memory.
private final class BodyRoom: Sendable {
    private let byteCountMax: Int
    private let held = Mutex(0)

    init(byteCountMax: Int) { self.byteCountMax = byteCountMax }

    /// Whether there was room for so many bytes more; they are held then.
    func take(_ count: Int) -> Bool {
        held.withLock {
            guard count <= byteCountMax - $0 else { return false }
            $0 += count
            return true
        }
    }

    func give(_ count: Int) { held.withLock { $0 -= count } }

    /// What one body holds besides the bytes that came, until nobody has it.
    final class Share: Sendable {
        private let room: BodyRoom
        private let held = Mutex(0)

        init(_ room: BodyRoom) {
            self.room = room
        }

        deinit { room.give(held.withLock { $0 }) }

        /// - Throws: ``BodyRoom/full``.
        func take(_ count: Int) throws {
            guard room.take(count) else { throw BodyRoom.full }
            held.withLock { $0 += count }
        }
    }

    static let full = FleetError(
        .resourceExhausted,
        "too many bytes of events are on their way",
        hint: "send again in a moment, or smaller batches"
    )
}
