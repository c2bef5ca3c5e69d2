/// The newest written groups, so that a reader at the tail needs no disk.
struct TailCache: Sendable {
    /// The bytes written with one sync, and where.
    struct Group: Sendable {
        let segment: Int64
        let position: Int
        let bytes: [UInt8]
    }

    private let byteCountMax: Int
    private var groups: [Group] = []
    /// Index of the oldest group that is still held.
    private var first = 0
    private var byteCount = 0

    init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
    }

    /// Adds a group that lies behind all others, and forgets the oldest ones when full.
    mutating func add(_ group: Group) {
        groups.append(group)
        byteCount += group.bytes.count
        while byteCount > byteCountMax, first < groups.count {
            byteCount -= groups[first].bytes.count
            groups[first] = Group(segment: 0, position: 0, bytes: [])
            first += 1
        }
        guard first > 64, first * 2 > groups.count else { return }
        groups.removeFirst(first)
        first = 0
    }

    /// The group that holds a position.
    func group(segment: Int64, position: Int) -> Group? {
        var low = first
        var high = groups.count
        while low < high {
            let middle = (low + high) / 2
            let group = groups[middle]
            if (group.segment, group.position) <= (segment, position) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        guard low > first else { return nil }
        let group = groups[low - 1]
        guard group.segment == segment, position < group.position + group.bytes.count else {
            return nil
        }
        return group
    }
}
