import NIOCore

/// Passes what a connection reads to the link, and reads on only while the link has room.
final class MQTTHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let link: MQTTLink
    private let password: [UInt8]?
    /// What an error of the network or of TLS means, before or after the broker's first answer.
    private let explain: @Sendable (any Error, Bool) -> MQTTFailure

    init(
        link: MQTTLink,
        password: [UInt8]?,
        explain: @escaping @Sendable (any Error, Bool) -> MQTTFailure
    ) {
        self.link = link
        self.password = password
        self.explain = explain
    }

    func channelActive(context: ChannelHandlerContext) {
        link.opened(context.channel, password: password)
        context.fireChannelActive()
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        unwrapInboundIn(data).withUnsafeReadableBytes {
            link.receive($0, on: context.channel)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if link.mayRead() { context.read() }
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        link.closed(context.channel)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        link.fail(explain(error, link.hasAnswer), on: context.channel)
        context.close(promise: nil)
    }
}
