package import Core
package import EventLog
import Parquet

/// The events of one partition and one hour of arrival, as a capture object.
package struct CapturePart {
    package let key: String
    private var batch: EventBatch
    private let baseOffset: Int64

    /// Cuts a segment's frames into parts, by partition and hour.
    package static func parts(of frames: [LogFrame]) -> [CapturePart] {
        var parts: [CapturePart] = []
        var open: [Int: Int] = [:]
        for frame in frames {
            guard case .events(let events) = frame.record else { continue }
            let folder = folder(at: frame.appendedAt)
            if let index = open[frame.partition], parts[index].key.hasPrefix(folder) {
                parts[index].append(events)
                continue
            }
            open[frame.partition] = parts.count
            var part = CapturePart(
                key: "\(folder)\(frame.partition)-\(frame.baseOffset).parquet",
                batch: EventBatch(),
                baseOffset: frame.baseOffset
            )
            part.append(events)
            parts.append(part)
        }
        return parts
    }

    /// `capture/YYYY-MM-DD/HH/`.
    package static func folder(at time: Timestamp) -> String {
        let text = time.description
        return "capture/\(text.prefix(10))/\(text.dropFirst(11).prefix(2))/"
    }

    private mutating func append(_ events: EventBatch) {
        let ids = events.series.keys.map { batch.series.insert($0) }
        batch.seriesIndex.append(contentsOf: events.seriesIndex.map { ids[Int($0)] })
        batch.times.append(contentsOf: events.times)
        batch.values.append(contentsOf: events.values)
    }

    /// The object's bytes: columns device, sensor, time, value, in offset order.
    package func encode() throws -> [UInt8] {
        try EventFile.encode(batch)
    }
}
