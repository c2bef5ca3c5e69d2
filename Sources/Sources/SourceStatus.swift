package import Core

/// What a source does now and has done since it was made; for pages and metrics.
package struct SourceStatus: Sendable, Hashable {
    /// Where a source is in its life.
    package enum Phase: String, Sendable, Hashable, CaseIterable {
        case idle, connecting, connected, waiting, finishing, stopped
    }

    package var phase = Phase.idle
    /// Messages that came in, repeated ones included.
    package var receivedCount = 0
    /// Bytes of their addresses and payloads.
    package var receivedByteCount = 0
    /// Messages that the sink has made durable and that needed an acknowledgement, which was sent.
    package var acknowledgedCount = 0
    /// Messages that came again while the source still knew them; they were not given on again.
    package var repeatedCount = 0
    /// Messages whose address no template names; given on as such.
    package var unmatchedCount = 0
    /// Messages larger than the source takes; given on cut short and marked.
    package var truncatedCount = 0
    /// Times the sink refused a batch, which was then offered again.
    package var refusedBatchCount = 0
    /// Connections that were made and were ready.
    package var connectionCount = 0
    /// Messages received that the sink has not taken yet.
    package var pendingCount = 0
    /// Why the source is not connected, or what went wrong last.
    package var lastError: String?
    package var lastErrorAt: Timestamp?
    package var connectedSince: Timestamp?

    package init() {}

    package var isConnected: Bool { phase == .connected }
}
