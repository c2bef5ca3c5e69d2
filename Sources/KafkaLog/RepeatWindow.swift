import Core

/// Which message of which batch it is; the same for a batch that is sent again.
struct BatchPart: Hashable, Sendable {
    let key: [UInt8]
    let part: Int
}

/// Finds messages of batches that were sent again, in one partition.
///
/// A message is a repeat when the same part of the same batch stands at one of the `offsetCount`
/// offsets before it. That depends on the log alone: every reader that has seen so many offsets
/// before its start decides alike, after a restart too.
struct RepeatWindow: Sendable {
    private let offsetCount: Int64
    private var last: [BatchPart: Int64] = [:]
    /// What was seen, oldest first, with entries that are out of date.
    private var seen: [(offset: Int64, part: BatchPart)] = []
    private var oldest = 0

    init(offsetCount: Int) {
        self.offsetCount = Int64(offsetCount)
    }

    /// Parts that are remembered.
    var count: Int { last.count }

    /// Notes a message and says whether it is a repeat; offsets must ascend.
    mutating func isRepeat(_ part: BatchPart, at offset: Int64) -> Bool {
        forget(before: offset - offsetCount)
        guard offsetCount > 0 else { return false }
        let before = last.updateValue(offset, forKey: part)
        seen.append((offset, part))
        return before != nil
    }

    private mutating func forget(before offset: Int64) {
        while oldest < seen.count, seen[oldest].offset < offset {
            let part = seen[oldest].part
            if last[part] == seen[oldest].offset { last[part] = nil }
            oldest += 1
        }
        guard oldest > 1024, oldest * 2 > seen.count else { return }
        seen.removeFirst(oldest)
        oldest = 0
    }
}
