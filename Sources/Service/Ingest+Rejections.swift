import Core
package import Store
import Wire

extension Ingest {
    /// A rejected event as an answer lists it.
    package struct Rejection: Sendable, Equatable {
        /// The event's place in the body, from 0, counting accepted and rejected events.
        package let index: Int
        /// The line of the body it stands on, from 1; nil for an event that could be read.
        package let line: Int?
        package let reason: DeadLetterReason
        /// What is wrong; names the series of an event that could be read.
        package let message: String
        /// The start of the event as it was written; nil for an event that could be read.
        package let sample: String?
    }

    /// The first rejected events of a body in its order, those that could be read among them.
    func rejections(_ decoded: DecodedEvents, _ sifted: Sifted) -> [Rejection] {
        let unread = decoded.rejected.map { event in
            Rejection(
                index: event.index,
                line: event.line,
                reason: DeadLetterReason(rawValue: event.reason.rawValue),
                message: event.message,
                sample: event.sample
            )
        }
        guard !sifted.rejected.isEmpty else { return unread }
        let first = sifted.rejected.sorted { $0.row < $1.row }.prefix(limits.rejectedListCountMax)
        let indexes = Self.indexes(ofRows: first.map(\.row), among: unread.map(\.index))
        let read = zip(first, indexes).map { finding, index in
            let key = decoded.batch.series.keys[Int(decoded.batch.seriesIndex[finding.row])]
            return Rejection(
                index: index,
                line: nil,
                reason: finding.reason,
                message: "\(key): \(finding.message)",
                sample: nil
            )
        }
        return Array(
            (unread + read).sorted { $0.index < $1.index }.prefix(limits.rejectedListCountMax)
        )
    }

    /// The places in the body of rows of its batch, which has no rows for events that could not be
    /// read; `unread` are the places of those, and both ascend.
    ///
    /// When `unread` was cut, rows beyond it get places beyond all of it.
    private static func indexes(ofRows rows: [Int], among unread: [Int]) -> [Int] {
        var before = 0
        return rows.map { row in
            while before < unread.count, unread[before] <= row + before { before += 1 }
            return row + before
        }
    }
}
