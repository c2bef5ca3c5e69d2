import Client

/// What became of events that were sent.
struct SentEvents {
    var accepted = 0
    var alreadyThere = 0
    var rejected = 0
    var rejectedByReason: [String: Int] = [:]
    /// What is wrong with the first events that the server rejected.
    var rejectedEvents: [EventsAnswer.Rejected] = []
    /// Accepted events that came before others that were there already.
    var changed = 0

    private static let listCountMax = 100

    /// Adds what a server rejected of a body.
    mutating func add(rejectedOf answer: EventsAnswer) {
        guard answer.rejected > 0 else { return }
        rejected += answer.rejected
        rejectedByReason.merge(answer.rejectedByReason ?? [:]) { $0 + $1 }
        let room = Self.listCountMax - rejectedEvents.count
        rejectedEvents += answer.rejectedEvents.prefix(max(0, room))
    }
}
