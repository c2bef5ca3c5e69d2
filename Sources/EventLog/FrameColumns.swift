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
    /// Reads which series each event has; false when one of them is no series of the frame.
    ///
    /// `series` are the ids that the frame's series have got, in their order.
    mutating func appendSeries(
        _ width: Int,
        of series: Range<UInt32>,
        count: Int,
        to column: inout [UInt32]
    ) -> Bool {
        let first = series.lowerBound
        guard width > 0 else {
            column.append(contentsOf: first..<(first + UInt32(count)))
            return series.count == count
        }
        guard let source = take(count &* width) else { return false }
        var most: UInt32 = 0
        column.append(
            contentsOf: (0..<count).lazy.map { row in
                let id =
                    width == 2
                    ? UInt32(source.loadUnaligned(fromByteOffset: row &* 2, as: UInt16.self))
                    : source.loadUnaligned(fromByteOffset: row &* 4, as: UInt32.self)
                most = max(most, id)
                return first &+ id
            }
        )
        return count == 0 || most < series.count
    }

    /// Reads times from their distances to the first; false when there is no such width.
    mutating func appendTimes(
        _ width: Int,
        from first: Int64,
        count: Int,
        to column: inout [Int64]
    ) -> Bool {
        guard width == 0 || width == 4 || width == 8, let source = take(count &* width) else {
            return false
        }
        switch width {
        case 0:
            column.append(contentsOf: repeatElement(first, count: count))
        case 4:
            column.append(
                contentsOf: (0..<count).lazy.map { row in
                    first
                        &+ Int64(source.loadUnaligned(fromByteOffset: row &* 4, as: UInt32.self))
                }
            )
        default:
            column.append(
                contentsOf: (0..<count).lazy.map { row in
                    first &+ source.loadUnaligned(fromByteOffset: row &* 8, as: Int64.self)
                }
            )
        }
        return true
    }

    mutating func appendValues(count: Int, to column: inout [Double]) -> Bool {
        guard let source = take(count &* 8) else { return false }
        column.append(
            contentsOf: (0..<count).lazy.map { row in
                source.loadUnaligned(fromByteOffset: row &* 8, as: Double.self)
            }
        )
        return true
    }
}
