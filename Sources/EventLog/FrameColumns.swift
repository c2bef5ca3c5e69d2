/// How many bytes an event takes in each column of a frame: as few as do.
struct FrameWidths {
    /// 0 where each event has the next series, else 2 or 4.
    let series: Int
    /// 0 where all times are the first, else 4 or 8.
    let time: Int

    init(seriesCount: Int, eventCount: Int, time: Int) {
        series = seriesCount == eventCount ? 0 : seriesCount <= 1 << 16 ? 2 : 4
        self.time = time
    }

    var byteCount: Int { series + time + 8 }
}

/// The first of some times, and how many bytes tell the others' distance from it.
struct FrameTimes {
    /// Microseconds since the epoch.
    let first: Int64
    /// 0, 4 or 8.
    let width: Int

    init(of times: [Int64]) {
        var (least, most) = (Int64.max, Int64.min)
        for time in times {
            least = min(least, time)
            most = max(most, time)
        }
        guard !times.isEmpty else {
            (first, width) = (0, 0)
            return
        }
        first = least
        let (span, overflow) = most.subtractingReportingOverflow(least)
        width = overflow || span > Int64(UInt32.max) ? 8 : span > 0 ? 4 : 0
    }
}

extension ByteReader {
    /// Reads which series each event has; nil when one of them is no series of the frame.
    mutating func seriesColumn(_ width: Int, count: Int, seriesCount: Int) -> [UInt32]? {
        let column: [UInt32]?
        switch width {
        case 0: return Array(0..<UInt32(count))
        case 2: column = self.column(UInt16.self, count: count)?.map(UInt32.init)
        default: column = self.column(UInt32.self, count: count)
        }
        guard let column, column.allSatisfy({ $0 < seriesCount }) else { return nil }
        return column
    }

    /// Reads the times of events; nil when bytes are missing or there is no such width.
    mutating func timeColumn(_ width: Int, first: Int64, count: Int) -> [Int64]? {
        switch width {
        case 0: Array(repeating: first, count: count)
        case 4: column(UInt32.self, count: count)?.map { first &+ Int64($0) }
        case 8: column(Int64.self, count: count)?.map { first &+ $0 }
        default: nil
        }
    }
}
