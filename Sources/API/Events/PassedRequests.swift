import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTPTypes

/// Counts what goes on to the router, and its answers; tells senders that ask to go on.
final class PassedRequests: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// How many have begun.
    private(set) var count = 0
    /// Whether the last that began has come whole.
    private(set) var isWhole = true
    /// Those whose answers have not been written whole.
    private(set) var unansweredCount = 0

    private let bodies: EventBody
    private let idleness: IdleWatch

    init(bodies: EventBody, idleness: IdleWatch) {
        self.bodies = bodies
        self.idleness = idleness
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        idleness.touch()
        switch unwrapInboundIn(data) {
        case .head(let head):
            count += 1
            unansweredCount += 1
            isWhole = false
            if bodies.mayCome(head) {
                context.writeAndFlush(
                    wrapOutboundOut(.head(HTTPResponse(status: .continue))),
                    promise: nil
                )
            }
        case .body: break
        case .end: isWhole = true
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            unansweredCount -= 1
            idleness.touch()
        }
        context.write(data, promise: promise)
    }
}

@available(*, unavailable)
extension PassedRequests: Sendable {}
