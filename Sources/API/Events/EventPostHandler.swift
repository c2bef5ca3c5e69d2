import Core
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTPTypes
import Service

/// Answers short posts of events on the event loop of their connection; the rest goes on to the
/// router.
///
/// The router, its middleware and the streams between them and the event loop cost a third of
/// what decoding a thousand events does. What this takes is answered as the router would: by
/// ``EventPost``. One request at a time: what follows waits, and no more is read.
final class EventPostHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private enum State {
        /// The next part is a head.
        case between
        /// The request goes on to the router.
        case passing
        case collecting(EventPost, HTTPRequest, key: String?, since: Timestamp)
        /// The answer is on its way; what comes is held.
        case answering
        /// The request was answered before it ended.
        case skipping
    }

    private enum Held {
        case part(HTTPRequestPart)
        case event(Any)
        case error(any Error)
    }

    private let backend: Backend
    private let bodies: EventBody
    private let check: TokenCheck?
    private let executor: LoopExecutor
    private let logger: Logger

    private var state = State.between
    /// Requests of the router whose answers have not been written whole.
    private var passedCount = 0
    private var held = CircularBuffer<Held>()
    private var isReadHeld = false
    private var isClosed = false
    private var hasPassed = false
    private var known: KnownPost?
    private var body: [UInt8] = []
    /// Bytes that count as taken from the room of all bodies.
    private var roomByteCount = 0
    private var date = HTTPDate()

    init(
        backend: Backend,
        bodies: EventBody,
        token: String?,
        loop: any EventLoop,
        logger: Logger
    ) {
        self.backend = backend
        self.bodies = bodies
        check = token.map(TokenCheck.init)
        executor = LoopExecutor(loop)
        self.logger = logger
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        isClosed = true
        held.removeAll()
        giveRoom()
    }

    // MARK: From the wire

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if case .answering = state {
            held.append(.part(part))
        } else {
            take(part, context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard hasPassed else { return }
        hasPassed = false
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .answering = state {
            held.append(.event(event))
        } else {
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

    private func take(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
        switch (state, part) {
        case (.between, .head(let head)):
            guard !begin(head) else { return }
            passedCount += 1
            state = .passing
            if bodies.mayCome(head) {
                context.writeAndFlush(
                    wrapOutboundOut(.head(HTTPResponse(status: .continue))),
                    promise: nil
                )
            }
            pass(part, context)
        case (.collecting(let post, let head, _, let start), .body(let buffer)):
            buffer.withUnsafeReadableBytes { body.append(contentsOf: $0) }
            if let error = EventBody.tooSlow(body.count, since: start, backend.clock) {
                write(post.answer(to: error, of: head, logger), context)
                giveRoom()
                state = .skipping
            }
        case (.collecting(let post, let head, let key, _), .end):
            state = .answering
            answer(post, head, key, context)
        case (.skipping, .end):
            state = .between
        case (.skipping, _):
            break
        case (.passing, .end):
            state = .between
            pass(part, context)
        default:
            pass(part, context)
        }
    }

    private func pass(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
        hasPassed = true
        context.fireChannelRead(wrapInboundOut(part))
    }

    // MARK: Answers

    /// Whether a request is taken here.
    private func begin(_ request: HTTPRequest) -> Bool {
        // Answers keep the order of their requests.
        guard passedCount == 0, request.method == .post,
            let head = PostHead(request, byteCountMax: bodies.shortByteCountMax)
        else { return false }
        if known?.isSaid(by: head) != true { known = KnownPost(head, of: request, check) }
        guard let known, bodies.take(head.byteCount) else { return false }
        roomByteCount = head.byteCount
        body.removeAll(keepingCapacity: true)
        body.reserveCapacity(head.byteCount)
        state = .collecting(
            known.post,
            request,
            key: head.idempotencyKey,
            since: backend.clock.now
        )
        return true
    }

    private func answer(
        _ post: EventPost,
        _ head: HTTPRequest,
        _ key: String?,
        _ context: ChannelHandlerContext
    ) {
        let bytes = body
        body = []
        let here = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        Task(executorPreference: executor) { [backend, executor, logger] in
            let answer: WholeAnswer
            do {
                answer = try await post.answer(bytes, idempotencyKey: key, backend)
            } catch {
                answer = post.answer(to: error, of: head, logger)
            }
            executor.run { here.value.handler.finish(answer, bytes, here.value.context) }
        }
    }

    private func finish(
        _ answer: WholeAnswer,
        _ bytes: consuming [UInt8],
        _ context: ChannelHandlerContext
    ) {
        guard !isClosed else { return }
        body = bytes
        giveRoom()
        write(answer, context)
        state = .between
        resume(context)
    }

    /// Takes what was held, up to the next request that is answered here.
    private func resume(_ context: ChannelHandlerContext) {
        while !held.isEmpty {
            if case .answering = state { return }
            switch held.removeFirst() {
            case .part(let part): take(part, context)
            case .event(let event): context.fireUserInboundEventTriggered(event)
            case .error(let error): context.fireErrorCaught(error)
            }
        }
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
        if case .answering = state {
            isReadHeld = true
        } else {
            context.read()
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { passedCount -= 1 }
        context.write(data, promise: promise)
    }

    private func write(_ answer: WholeAnswer, _ context: ChannelHandlerContext) {
        var head = HTTPResponse(status: answer.status, headerFields: answer.headers)
        head.headerFields[.contentLength] = String(answer.body.readableBytes)
        head.headerFields[.date] = date.text(at: backend.clock.now)
        head.headerFields[.server] = APIServer.name
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if answer.body.readableBytes > 0 {
            context.write(wrapOutboundOut(.body(answer.body)), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}

@available(*, unavailable)
extension EventPostHandler: Sendable {}
