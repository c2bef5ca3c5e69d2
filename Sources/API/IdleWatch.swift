import NIOCore

/// Closes a connection whose sender sends nothing for too long, amid a request too.
///
/// - Concurrency: the event loop of the connection.
final class IdleWatch {
    private let timeout: TimeAmount
    private var last = NIODeadline.now()
    private var alarm: Scheduled<Void>?

    init(timeout: Duration) {
        self.timeout = TimeAmount(timeout)
    }

    /// Says that something came from the sender, or that it was answered.
    func touch() { last = .now() }

    /// Closes the connection when nothing came for so long while it is not busy with an answer.
    func start(_ context: ChannelHandlerContext, isBusy: @escaping () -> Bool) {
        last = .now()
        wait(until: last + timeout, context, isBusy)
    }

    func stop() {
        alarm?.cancel()
        alarm = nil
    }

    private func wait(
        until deadline: NIODeadline,
        _ context: ChannelHandlerContext,
        _ isBusy: @escaping () -> Bool
    ) {
        alarm = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in
            if isBusy() { touch() }
            if .now() >= last + timeout {
                context.close(promise: nil)
            } else {
                wait(until: last + timeout, context, isBusy)
            }
        }
    }
}

@available(*, unavailable)
extension IdleWatch: Sendable {}
