public import Core

/// The events of a body that were accepted, and what is known of the others.
public struct DecodedEvents: Sendable {
    /// The accepted events by name.
    ///
    /// - Complexity: names all events anew while ``numbered`` holds them; see ``name()``.
    public var batch: EventBatch {
        get { numbered?.named() ?? named }
        set { (numbered, named) = (nil, newValue) }
    }
    /// The accepted events, as long as the process knows the series of all of them; else nil.
    public internal(set) var numbered: NumberedEvents?
    /// The accepted events when ``numbered`` is nil.
    var named = EventBatch()
    /// The first rejected events, at most `Limits.rejectedListCountMax`.
    public private(set) var rejected: [RejectedEvent] = []
    public private(set) var rejectedCount = 0
    /// Fields of line protocol that are text: no readings, and no reason to reject anything.
    public internal(set) var ignoredFieldCount = 0
    /// What a rejected event's text needs to be decoded again: the header line of a CSV table.
    public internal(set) var context: String?
    private var countByReason: [RejectReason: Int] = [:]

    public init() {}

    public var acceptedCount: Int { numbered?.count ?? named.count }

    /// Accepted and rejected events together.
    public var eventCount: Int { acceptedCount + rejectedCount }

    /// Names the events of numbered series, for those who look at names more than once.
    public mutating func name() { batch = batch }

    /// How many events were rejected for each reason that occurred, by its code.
    public var rejectedByReason: [String: Int] {
        Dictionary(uniqueKeysWithValues: countByReason.map { ($0.key.rawValue, $0.value) })
    }

    /// Where the events of a message begin.
    struct Mark {
        fileprivate let count: Int
        fileprivate let listCount: Int
        fileprivate let rejectedCount: Int
        fileprivate let countByReason: [RejectReason: Int]
        fileprivate let ignoredFieldCount: Int
    }

    var mark: Mark {
        Mark(
            count: acceptedCount,
            listCount: rejected.count,
            rejectedCount: rejectedCount,
            countByReason: countByReason,
            ignoredFieldCount: ignoredFieldCount
        )
    }

    /// Takes back all events since a mark; their series stay.
    mutating func cut(to mark: Mark) {
        let surplus = acceptedCount - mark.count
        numbered?.removeLast(surplus)
        if numbered == nil { named.removeLast(surplus) }
        rejected.removeLast(rejected.count - mark.listCount)
        rejectedCount = mark.rejectedCount
        countByReason = mark.countByReason
        ignoredFieldCount = mark.ignoredFieldCount
    }

    /// Counts a rejected event and lists it while the list has room.
    ///
    /// `value` is the part of the event that is wrong, `event` the whole as it was written.
    mutating func reject(
        _ reason: RejectReason,
        index: Int,
        line: Int,
        value: UnsafeRawBufferPointer,
        event: UnsafeRawBufferPointer,
        listCountMax: Int,
        messageIndex: Int? = nil
    ) {
        rejectedCount += 1
        countByReason[reason, default: 0] += 1
        guard rejected.count < listCountMax else { return }
        rejected.append(
            RejectedEvent(
                index: index,
                line: line,
                reason: reason,
                value: value,
                event: event,
                messageIndex: messageIndex
            )
        )
    }
}
