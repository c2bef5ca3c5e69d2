package import Core
package import EventLog
import Parquet

/// The events of one partition and one hour of arrival, as a capture object.
///
/// What the log says between events (a partition was idle, a data set is complete) closes windows,
/// so it is kept in the file's metadata: a replay of the capture gives what the log gave.
package struct CapturePart {
    /// A control record and how many of the part's events come before it.
    package struct Control: Equatable {
        package let row: Int
        package let record: ControlRecord
    }

    /// What a log says besides events.
    package enum ControlRecord: Equatable {
        case idle(until: Timestamp)
        case complete
    }

    package let key: String
    private var batch = EventBatch()
    /// Events behind those of the batch that have no names yet.
    private var numbered: NumberedEvents?
    private var controls: [Control] = []
    private let folder: String
    private let baseOffset: Int64
    private var endOffset: Int64

    static let controlsName = "fleetscore.controls"
    static let offsetsName = "fleetscore.offsets"

    private init(_ frame: LogFrame, folder: String) {
        self.folder = folder
        baseOffset = frame.baseOffset
        endOffset = frame.baseOffset
        key = "\(folder)\(frame.partition)-\(frame.baseOffset).parquet"
    }

    /// Cuts a segment's frames into parts, by partition and hour.
    package static func parts(of frames: [LogFrame]) -> [CapturePart] {
        var parts: [CapturePart] = []
        var open: [Int: Int] = [:]
        for frame in frames {
            let folder = folder(at: frame.appendedAt)
            if let index = open[frame.partition], parts[index].folder == folder {
                parts[index].append(frame)
                continue
            }
            open[frame.partition] = parts.count
            var part = CapturePart(frame, folder: folder)
            part.append(frame)
            parts.append(part)
        }
        return parts
    }

    /// `capture/YYYY-MM-DD/HH/`.
    package static func folder(at time: Timestamp) -> String {
        let text = time.description
        return "capture/\(text.prefix(10))/\(text.dropFirst(11).prefix(2))/"
    }

    private mutating func append(_ frame: LogFrame) {
        endOffset = frame.endOffset
        switch frame.record {
        case .events(let events):
            nameEvents()
            batch.append(contentsOf: events)
        case .numbered(let events):
            if numbered?.append(contentsOf: events) == true { return }
            nameEvents()
            numbered = events
        case .idle(let until):
            controls.append(Control(row: count, record: .idle(until: until)))
        case .complete:
            controls.append(Control(row: count, record: .complete))
        }
    }

    private var count: Int { batch.count + (numbered?.count ?? 0) }

    /// Names many events at once, which is quicker than frame by frame.
    private mutating func nameEvents() {
        guard let events = numbered else { return }
        numbered = nil
        if batch.isEmpty {
            batch = events.named()
        } else {
            batch.append(contentsOf: events.named())
        }
    }

    /// The object's bytes: columns device, sensor, time, value, in offset order.
    ///
    /// `names` are those that parts before this one learnt.
    package func encode(_ names: inout SeriesTexts) throws -> [UInt8] {
        var metadata = [(Self.offsetsName, "\(baseOffset) \(endOffset)")]
        if !controls.isEmpty {
            let lines = controls.map { control in
                switch control.record {
                case .idle(let until): "\(control.row) idle \(until.microseconds)"
                case .complete: "\(control.row) complete"
                }
            }
            metadata.append((Self.controlsName, lines.joined(separator: "\n")))
        }
        if batch.isEmpty, let numbered {
            return try EventFile.encode(numbered, names: &names, metadata: metadata)
        }
        var all = self
        all.nameEvents()
        return try EventFile.encode(all.batch, metadata: metadata)
    }

    /// The frames of an object as the log had them; all events between two controls are one.
    ///
    /// - Throws: ``FleetError`` `.dataLoss` when the object is damaged.
    package static func frames(
        _ bytes: UnsafeRawBufferPointer,
        key: String,
        partition: Int,
        appendedAt: Timestamp
    ) throws -> [LogFrame] {
        let file = try CaptureFile(bytes, name: key)
        guard let offsets = file.offsets?.split(separator: " "), offsets.count == 2,
            let base = Int64(offsets[0]), let end = Int64(offsets[1]), base <= end
        else {
            throw FleetError(.dataLoss, "\(key) does not say which offsets it holds")
        }
        var frames: [LogFrame] = []
        var row = 0
        var offset = base
        func add(_ record: LogRecord, through next: Int64) {
            frames.append(
                LogFrame(
                    partition: partition,
                    baseOffset: offset,
                    endOffset: next,
                    appendedAt: appendedAt,
                    record: record
                )
            )
            offset = next
        }
        for control in try controls(file.controls ?? "", key: key) {
            guard control.row >= row, control.row <= file.batch.count else {
                throw FleetError(.dataLoss, "\(key) has a control record out of order")
            }
            if control.row > row {
                add(
                    .events(file.batch.slice(row..<control.row)),
                    through: offset + Int64(control.row - row)
                )
            }
            row = control.row
            switch control.record {
            case .idle(let until): add(.idle(until: until), through: offset + 1)
            case .complete: add(.complete, through: offset + 1)
            }
        }
        if row < file.batch.count {
            add(.events(file.batch.slice(row..<file.batch.count)), through: end)
        }
        return frames
    }

    private static func controls(_ text: String, key: String) throws -> [Control] {
        try text.split(separator: "\n").map { line in
            let words = line.split(separator: " ")
            if words.count == 3, words[1] == "idle", let row = Int(words[0]),
                let until = Int64(words[2])
            {
                return Control(row: row, record: .idle(until: Timestamp(microseconds: until)))
            }
            guard words.count == 2, words[1] == "complete", let row = Int(words[0]) else {
                throw FleetError(.dataLoss, "\(key) has the control record \"\(line.prefix(60))\"")
            }
            return Control(row: row, record: .complete)
        }
    }
}
