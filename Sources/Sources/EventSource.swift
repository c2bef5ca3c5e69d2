/// What feeds events in from elsewhere, such as a subscription at a broker.
///
/// Delivery: at least once. A message is acknowledged to where it came from only after the sink
/// has returned; a message that was not acknowledged comes again.
package protocol EventSource: Sendable {
    /// The name people gave it; in logs, metrics and dead letters.
    var name: String { get }

    /// What it does now and has done so far; any task may ask.
    var status: SourceStatus { get }

    /// Feeds the sink until ``finish()`` has been called and what was received is acknowledged.
    ///
    /// Cancellation stops at once: what is in hand stays unacknowledged. Runs once.
    ///
    /// - Throws: `CancellationError` when cancelled; nothing that comes from the network ends it.
    func run() async throws

    /// Asks ``run()`` to take no more, finish what it has, and return; any task may call it.
    func finish()
}

/// What takes the messages of sources.
package protocol EventSink: Sendable {
    /// Returns when every event of the batch is durable, or kept as a rejected one.
    ///
    /// A message marked as unmatched or truncated is kept as rejected. Concurrency: a source has
    /// one call under way at a time, so that messages stay in order.
    ///
    /// - Throws: an error when nothing of the batch may be acknowledged; the source offers the
    ///   same batch again, soon if the error is retriable and late if it is not.
    func accept(_ batch: MessageBatch, source: String) async throws
}
