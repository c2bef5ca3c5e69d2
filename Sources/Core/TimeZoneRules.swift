/// The offsets of one time zone from UTC: past changes as a table, later ones by a rule.
///
/// - Source: RFC 9636 (TZif), over the IANA time zone database.
public struct TimeZoneRules: Sendable, Equatable, CustomStringConvertible {
    /// The IANA name, such as `Europe/Berlin`.
    public let identifier: String
    /// Seconds since the epoch at which a new offset begins, ascending.
    let transitions: [Int64]
    /// Per transition: the offset that begins, in seconds east of UTC.
    let offsets: [Int]
    /// The offset before the first transition.
    let initialOffset: Int
    /// The rule for times after the last transition; nil when the last offset stays.
    let footer: PosixTimeZone?

    /// Coordinated universal time, which needs no file.
    public static let utc = TimeZoneRules(fixed: 0, identifier: "UTC")

    /// A zone whose offset, in seconds east of UTC, never changes.
    public init(fixed offsetSeconds: Int, identifier: String) {
        self.init(
            identifier: identifier,
            transitions: [],
            offsets: [],
            initialOffset: offsetSeconds,
            footer: nil
        )
    }

    init(
        identifier: String,
        transitions: [Int64],
        offsets: [Int],
        initialOffset: Int,
        footer: PosixTimeZone?
    ) {
        self.identifier = identifier
        self.transitions = transitions
        self.offsets = offsets
        self.initialOffset = initialOffset
        self.footer = footer
    }

    public var description: String { identifier }

    /// Whether local time is UTC at every moment.
    public var isUTC: Bool { transitions.isEmpty && footer == nil && initialOffset == 0 }

    /// The offset in effect at a moment, in seconds east of UTC.
    public func offsetSeconds(at time: Timestamp) -> Int {
        offset(atSecond: time.microseconds.floorDivided(by: 1_000_000))
    }

    /// The moments at which clocks show a date and time, ascending.
    ///
    /// None where clocks are set forward over it, two where they are set back over it.
    public func timestamps(of date: CivilDateTime) -> [Timestamp] {
        let local = date.utc.microseconds
        let second = local.floorDivided(by: 1_000_000)
        let fraction = local &- second &* 1_000_000
        return seconds(showing: second).map {
            Timestamp(microseconds: $0 &* 1_000_000 &+ fraction)
        }
    }

    /// The earliest moment at which clocks show a date and time.
    ///
    /// Where clocks are set forward over it, the moment at which they are.
    public func firstTimestamp(of date: CivilDateTime) -> Timestamp {
        if let first = timestamps(of: date).first { return first }
        let local = date.utc.microseconds.floorDivided(by: 1_000_000)
        let start = local - Self.reach
        for change in changes(after: start, through: local + Self.reach)
        where change.at + Int64(change.before) <= local && local < change.at + Int64(change.after) {
            return Timestamp(seconds: change.at)
        }
        return Timestamp(seconds: local - Int64(offset(atSecond: start)))
    }

    /// More than any offset from UTC, in seconds.
    private static let reach: Int64 = 100_000

    private func seconds(showing local: Int64) -> [Int64] {
        let start = local - Self.reach
        let changes = changes(after: start, through: local + Self.reach)
        var found: [Int64] = []
        var from = start
        var offset = Int64(offset(atSecond: start))
        for change in changes {
            let moment = local - offset
            if moment >= from, moment < change.at { found.append(moment) }
            from = change.at
            offset = Int64(change.after)
        }
        if local - offset >= from { found.append(local - offset) }
        return found
    }

    func offset(atSecond second: Int64) -> Int {
        if let footer, second > transitions.last ?? .min { return footer.offset(atSecond: second) }
        let index = transitionCount(through: second)
        return index == 0 ? initialOffset : offsets[index - 1]
    }

    /// How many transitions of the table are at or before a second.
    private func transitionCount(through second: Int64) -> Int {
        var low = 0
        var high = transitions.count
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle] <= second { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The changes of offset in `(start, end]`, ascending.
    private func changes(
        after start: Int64,
        through end: Int64
    ) -> [(at: Int64, before: Int, after: Int)] {
        var found: [(at: Int64, before: Int, after: Int)] = []
        var offset = offset(atSecond: start)
        for index in transitionCount(through: start)..<transitionCount(through: end) {
            found.append((transitions[index], offset, offsets[index]))
            offset = offsets[index]
        }
        let last = transitions.last ?? .min
        guard let footer, end > last else { return found }
        for change in footer.changes(around: end)
        where change.at > last && change.at > start && change.at <= end {
            found.append((change.at, offset, change.offset))
            offset = change.offset
        }
        return found
    }
}
