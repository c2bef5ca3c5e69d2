import Client

/// What `events send` says it did.
struct SendReport: Encodable {
    /// An event that was rejected.
    struct Rejected: Encodable {
        /// The file and the line of it, or its row; nil when the server rejected what was read.
        let file: String?
        let line: Int?
        let reason: String
        let message: String
    }

    let accepted: Int
    let duplicates: Int
    /// Accepted events that may count twice, since the files were changed around them.
    let changed: Int
    let rejected: Int
    let rejectedByReason: [String: Int]
    /// The first rejected events.
    let rejectedEvents: [Rejected]
    let completed: Bool

    private static let listCountMax = 100
    /// Lines that people are shown.
    private static let shownCountMax = 20

    init(_ source: EventFileSource, _ sent: SentEvents, isComplete: Bool) {
        accepted = sent.accepted
        duplicates = sent.alreadyThere
        changed = sent.changed
        rejected = source.rejectedCount + sent.rejected
        rejectedByReason = source.rejectedByReason.merging(
            sent.rejectedByReason,
            uniquingKeysWith: +
        )
        let unread = source.rejected.map {
            Rejected(file: $0.file, line: $0.line, reason: $0.reason, message: $0.message)
        }
        let refused = sent.rejectedEvents.map {
            Rejected(file: nil, line: nil, reason: $0.reason, message: $0.message)
        }
        rejectedEvents = Array((unread + refused).prefix(Self.listCountMax))
        completed = isComplete
    }

    /// Prints it, and what people should know besides on standard error.
    func show(_ options: ServerOptions, fileCount: Int) throws {
        for event in rejectedEvents.prefix(Self.shownCountMax) {
            let file = fileCount > 1 ? event.file.map { "\($0) " } ?? "" : ""
            let place = event.line.map { "\(file)line \($0): " } ?? ""
            Terminal.complain("rejected \(place)\(event.message)")
        }
        if rejected > Self.shownCountMax {
            Terminal.complain("rejected \((rejected - Self.shownCountMax).grouped) more")
        }
        if changed > 0 {
            Terminal.complain(
                "note: the files were changed before events that were there already; "
                    + "up to \(changed.grouped) events around the changes may count twice"
            )
        }
        try options.show(self) { _ in Terminal.say(text) }
    }

    private var text: String {
        var text = "accepted \(accepted.grouped) events"
        if duplicates > 0 { text += ", \(duplicates.grouped) were there already" }
        text += ", rejected \(rejected.grouped)"
        if !rejectedByReason.isEmpty {
            let reasons = rejectedByReason.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            text += " (" + reasons.map { "\($0.key) \($0.value.grouped)" }.joined(separator: ", ")
            text += ")"
        }
        return text + (completed ? "; closing all windows" : "")
    }
}
