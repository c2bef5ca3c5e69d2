import Core

/// A progress line on standard error: redrawn in place on a terminal, else one line at the end.
///
/// - Concurrency: one owner.
struct ProgressLine {
    private let label: String
    private let total: Int?
    private let unit: String
    private let clock: any WallClock
    private let started: Timestamp
    private var lastShown: Timestamp

    init(_ label: String, total: Int?, unit: String, clock: any WallClock = SystemWallClock()) {
        self.label = label
        self.total = total
        self.unit = unit
        self.clock = clock
        started = clock.now
        lastShown = .distantPast
    }

    /// Shows how far it is, at most ten times a second.
    mutating func update(_ done: Int, note: String = "") {
        guard Terminal.isInteractive, clock.now - lastShown >= .milliseconds(100) else { return }
        lastShown = clock.now
        Terminal.show("\r\u{1B}[2K" + text(done, note: note))
    }

    /// Shows the end state and ends the line.
    mutating func finish(_ done: Int, note: String = "") {
        if Terminal.isInteractive { Terminal.show("\r\u{1B}[2K") }
        Terminal.show(text(done, note: note) + "\n")
    }

    private func text(_ done: Int, note: String) -> String {
        let elapsed = max((clock.now - started).inSeconds, 0.001)
        let rate = Double(done) / elapsed
        var text = label + " "
        if let total, total > 0 {
            let share = min(1, Double(done) / Double(total))
            let filled = Int(share * 24)
            text += "[" + String(repeating: "#", count: filled)
            text += String(repeating: ".", count: 24 - filled) + "] "
            text += "\(Int(share * 100)) % "
        }
        text += "\(done.grouped) \(unit), \(Int(rate).grouped) \(unit)/s"
        if let total, done > 0, done < total {
            let left = Double(total - done) / rate
            text += ", \(Duration.seconds(Int64(left.rounded(.up))).text) left"
        }
        return note.isEmpty ? text : text + ", " + note
    }
}
