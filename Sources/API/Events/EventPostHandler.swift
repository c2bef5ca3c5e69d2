import Core
import Hummingbird
import Logging
import NIOCore
import Service

/// Answers short posts of events on the event loop of their connection, from the bytes as they
/// come; the rest goes on to the router.
///
/// Parsing, the router, its middleware and the streams between them and the event loop cost half
/// of what decoding a thousand events does. What this takes is answered as the router would: by
/// ``EventPost``. One request at a time: what follows waits, and little more is read.
///
/// Requests that go on are followed to their ends by their heads. When the parser behind this sees
/// an end elsewhere, or a head is not plain, all the rest of the connection goes on.
final class EventPostHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private enum State {
        /// The next byte begins a head.
        case between
        /// So many bytes go on to the router.
        case passing(Int)
        /// A request is to be answered here when it is there whole.
        case collecting(Taken)
        /// The answer is on its way; what comes is held.
        case answering
        /// The request was answered so many bytes before it ends.
        case skipping(Int)
    }

    private struct Taken {
        let known: KnownPost
        let key: String?
        let headByteCount: Int
        let bodyByteCount: Int
        let since: Timestamp

        var byteCount: Int { headByteCount + bodyByteCount }
    }

    private enum Held {
        case event(Any)
        case error(any Error)
    }

    private let ingest: Ingest
    private let bodies: EventBody
    private let passed: PassedRequests
    private let idleness: IdleWatch
    private let check: TokenCheck?
    private let executor: LoopExecutor
    private let logger: Logger

    private var state = State.between
    /// What came and is neither answered nor passed on, from the beginning of its request.
    private var pending = ByteBuffer()
    private var held = CircularBuffer<Held>()
    private var isReadHeld = false
    private var isClosed = false
    private var hasPassed = false
    /// Requests that went on, by their heads.
    private var passedCount = 0
    private var known: KnownPost?
    /// Bytes that count as taken from the room of all bodies.
    private var roomByteCount = 0
    private var date = HTTPDate()

    init(
        ingest: Ingest,
        bodies: EventBody,
        passed: PassedRequests,
        idleness: IdleWatch,
        token: String?,
        loop: any EventLoop,
        logger: Logger
    ) {
        self.ingest = ingest
        self.bodies = bodies
        self.passed = passed
        self.idleness = idleness
        check = token.map(TokenCheck.init)
        executor = LoopExecutor(loop)
        self.logger = logger
    }

    func handlerAdded(context: ChannelHandlerContext) {
        idleness.start(context) { [unowned self] in
            if case .answering = state { return true }
            return passed.isWhole && passed.unansweredCount > 0
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        isClosed = true
        idleness.stop()
        held.removeAll()
        pending = ByteBuffer()
        giveRoom()
    }

    // MARK: From the wire

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        if pending.readableBytes == 0 {
            pending = buffer
        } else {
            pending.writeBuffer(&buffer)
        }
        work(context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard hasPassed else { return }
        hasPassed = false
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch state {
        case .answering:
            held.append(.event(event))
        case .between, .collecting:
            // The parser says what is wrong with half a request.
            if case ChannelEvent.inputClosed = event { passAll(context) }
            if case .collecting = state {
                held.append(.event(event))
            } else {
                context.fireUserInboundEventTriggered(event)
            }
        case .passing, .skipping:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .answering = state {
            held.append(.error(error))
        } else {
            giveRoom()
            context.fireErrorCaught(error)
        }
    }

    /// Takes what came, as far as it goes.
    private func work(_ context: ChannelHandlerContext) {
        while pending.readableBytes > 0 {
            switch state {
            case .between: guard begin() else { return }
            case .collecting(let taken): guard collect(taken, context) else { return }
            case .passing(let count): pass(count, context)
            case .skipping(let count): skip(count)
            case .answering: return
            }
        }
        // Lets go of the bytes, so that they can be read into again.
        pending = ByteBuffer()
    }

    private func skip(_ count: Int) {
        let count = (all: count, here: min(count, pending.readableBytes))
        pending.moveReaderIndex(forwardBy: count.here)
        state = count.all == count.here ? .between : .skipping(count.all - count.here)
    }

    private func pass(_ count: Int, _ context: ChannelHandlerContext) {
        let part = pending.readSlice(length: min(count, pending.readableBytes))
        guard let part else { return }
        state = .passing(count - part.readableBytes)
        hasPassed = true
        context.fireChannelRead(wrapInboundOut(part))
        guard part.readableBytes == count else { return }
        // Whoever is answered in between must see the same requests as the parser.
        let isAgreed = passed.isWhole && passed.count == passedCount
        state = isAgreed ? .between : .passing(.max)
    }

    /// Hands on what came of a request, and all that follows.
    private func passAll(_ context: ChannelHandlerContext) {
        giveRoom()
        state = .passing(.max)
        work(context)
        deliver(context)
        channelReadComplete(context: context)
    }

    /// Looks again at events that waited; some may go on waiting.
    private func deliver(_ context: ChannelHandlerContext) {
        guard !held.isEmpty else { return }
        let waiting = held
        held.removeAll()
        for each in waiting {
            switch each {
            case .event(let event): userInboundEventTriggered(context: context, event: event)
            case .error(let error): errorCaught(context: context, error: error)
            }
        }
    }

    // MARK: Answers

    /// Decides on a request; false when more of its head must come.
    private func begin() -> Bool {
        if let known,
            let sizes = pending.withUnsafeReadableBytes({ known.sizes(of: $0) }),
            take(known, key: nil, sizes.head, sizes.body)
        {
            return true
        }
        switch pending.withUnsafeReadableBytes({ PlainHead.read($0) }) {
        case .incomplete:
            return false
        case .unusual:
            state = .passing(.max)
        case .head(let head):
            if !take(head) {
                passedCount += 1
                state = .passing(head.byteCount + head.bodyByteCount)
            }
        }
        return true
    }

    private func take(_ head: PlainHead) -> Bool {
        let post = pending.withUnsafeReadableBytes { KnownPost(head, in: $0, check) }
        guard let post else { return false }
        known = post
        return take(post, key: head.idempotencyKey, head.byteCount, head.bodyByteCount)
    }

    /// Whether a post is answered here.
    private func take(
        _ post: KnownPost,
        key: String?,
        _ headByteCount: Int,
        _ bodyByteCount: Int
    ) -> Bool {
        // Answers keep the order of their requests.
        guard passed.unansweredCount == 0, bodyByteCount <= bodies.shortByteCountMax,
            bodies.take(bodyByteCount)
        else { return false }
        roomByteCount = bodyByteCount
        state = .collecting(
            Taken(
                known: post,
                key: key,
                headByteCount: headByteCount,
                bodyByteCount: bodyByteCount,
                since: ingest.clock.now
            )
        )
        return true
    }

    /// False when more of a body must come.
    private func collect(_ taken: Taken, _ context: ChannelHandlerContext) -> Bool {
        idleness.touch()
        let bodyByteCount = pending.readableBytes - taken.headByteCount
        if let error = EventBody.tooSlow(bodyByteCount, since: taken.since, ingest.clock) {
            let known = taken.known
            write(known.post.answer(to: error, of: known.request, logger), context)
            giveRoom()
            state = .skipping(taken.byteCount)
            deliver(context)
            return true
        }
        guard pending.readableBytes >= taken.byteCount else {
            pending.reserveCapacity(minimumWritableBytes: taken.byteCount - pending.readableBytes)
            return false
        }
        pending.moveReaderIndex(forwardBy: taken.headByteCount)
        let body = pending.readSlice(length: taken.bodyByteCount) ?? ByteBuffer()
        state = .answering
        answer(taken, body, context)
        return true
    }

    private func answer(_ taken: Taken, _ body: ByteBuffer, _ context: ChannelHandlerContext) {
        let here = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        Task(executorPreference: executor) { [ingest, executor, logger] in
            let known = taken.known
            let answer: WholeAnswer
            do {
                answer = try await known.post.answer(body, idempotencyKey: taken.key, ingest)
            } catch {
                answer = known.post.answer(to: error, of: known.request, logger)
            }
            executor.run { here.value.handler.finish(answer, here.value.context) }
        }
    }

    private func finish(_ answer: WholeAnswer, _ context: ChannelHandlerContext) {
        guard !isClosed else { return }
        idleness.touch()
        giveRoom()
        write(answer, context)
        state = .between
        resume(context)
    }

    /// Takes what was held, up to the next request that is answered here.
    private func resume(_ context: ChannelHandlerContext) {
        work(context)
        deliver(context)
        channelReadComplete(context: context)
        guard isReadHeld else { return }
        isReadHeld = false
        context.read()
    }

    private func giveRoom() {
        bodies.give(roomByteCount)
        roomByteCount = 0
    }

    // MARK: To the wire

    func read(context: ChannelHandlerContext) {
        // One read more, for whoever waits for the answer sends nothing: to stop and to go on
        // reading costs two calls of the system.
        if case .answering = state, pending.readableBytes > 0 {
            isReadHeld = true
        } else {
            context.read()
        }
    }

    private func write(_ answer: WholeAnswer, _ context: ChannelHandlerContext) {
        let bytes = answer.bytes(date: date.text(at: ingest.clock.now), context.channel.allocator)
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(bytes)), promise: nil)
    }
}

@available(*, unavailable)
extension EventPostHandler: Sendable {}

extension ByteBuffer: EventBytes {
    package func withUnsafeBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        try withUnsafeReadableBytes(body)
    }
}
