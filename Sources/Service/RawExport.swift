package import Core
import EventLog

extension Backend {
    /// The raw readings in a time range that the log still holds, in log order.
    ///
    /// - Throws: `.resourceExhausted` when there are more than `limit`: nothing is cut silently.
    package func rawEvents(
        from start: Timestamp,
        to end: Timestamp,
        device: String?,
        limit: Int
    ) async throws -> EventBatch {
        try await withReader { log in
            try await Self.rawEvents(log, from: start, to: end, device: device, limit: limit)
        }
    }

    private static func rawEvents(
        _ log: any EventLog,
        from start: Timestamp,
        to end: Timestamp,
        device: String?,
        limit: Int
    ) async throws -> EventBatch {
        var result = EventBatch()
        var offsets = await log.startOffsets()
        let ends = await log.endOffsets()
        while zip(offsets, ends).contains(where: { $0 < $1 }) {
            let frames = try await log.read(from: offsets, eventCountMax: 200_000)
            if frames.isEmpty { break }
            for frame in frames {
                offsets[frame.partition] = frame.endOffset
                guard let events = frame.record.events else { continue }
                copy(events, from: start, to: end, device: device, into: &result)
            }
            guard result.count <= limit else {
                throw FleetError(
                    .invalidArgument,
                    "more than \(limit) readings lie in the range",
                    hint: "ask for a shorter range, or read the capture in blob storage",
                    isRetriable: false
                )
            }
        }
        return result
    }

    private static func copy(
        _ events: EventBatch,
        from start: Timestamp,
        to end: Timestamp,
        device: String?,
        into result: inout EventBatch
    ) {
        let wanted = events.series.keys.map { device == nil || $0.device == device }
        var ids = [UInt32?](repeating: nil, count: events.series.count)
        for row in 0..<events.count {
            let source = Int(events.seriesIndex[row])
            let time = events.times[row]
            guard wanted[source], start.microseconds <= time, time < end.microseconds else {
                continue
            }
            let id = ids[source] ?? result.series.insert(id: UInt32(source), of: events.series)
            ids[source] = id
            result.append(series: id, time: time, value: events.values[row])
        }
    }
}
