/// Where windows of a size that start every slide lie, and the panes that they are made of.
///
/// A pane is as long as the greatest common divisor of size and slide, so that every window is a
/// whole number of panes; a tumbling window is one pane. All are aligned to the epoch.
///
/// - Units: microseconds. Times are within 2^60, sizes within 2^45, so that no sum overflows.
struct PaneGeometry: Sendable, Equatable {
    let size: Int64
    let slide: Int64
    let pane: Int64

    init(size: Int64, slide: Int64) {
        self.size = size
        self.slide = slide
        var (a, b) = (size, slide)
        while b != 0 { (a, b) = (b, a % b) }
        pane = a
    }

    /// Panes of a window.
    var paneCount: Int64 { size / pane }

    /// The start of the pane that a time is in.
    @inline(__always)
    func paneStart(of time: Int64) -> Int64 { Self.floor(time, pane) }

    /// The end of the last window that a pane is in.
    @inline(__always)
    func lastEnd(ofPane start: Int64) -> Int64 {
        pane == size ? start &+ size : Self.floor(start, slide) &+ size
    }

    /// The end of the first window that a pane is in.
    func firstEnd(ofPane start: Int64) -> Int64 {
        // The first multiple of the slide at or above start + pane - size, and the size.
        let bound = start &+ pane &- size
        let floor = Self.floor(bound, slide)
        return (floor < bound ? floor &+ slide : floor) &+ size
    }

    /// The first end of a window above a mark, at or after an end.
    func end(from first: Int64, above mark: Int64) -> Int64 {
        guard first <= mark else { return first }
        return first &+ ((mark &- first) / slide &+ 1) &* slide
    }

    /// The largest multiple at or below a time, for negative times too.
    @inline(__always)
    static func floor(_ time: Int64, _ multiple: Int64) -> Int64 {
        let (quotient, remainder) = time.quotientAndRemainder(dividingBy: multiple)
        return (remainder < 0 ? quotient &- 1 : quotient) &* multiple
    }
}
