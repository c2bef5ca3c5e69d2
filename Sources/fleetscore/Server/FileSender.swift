import Client
import Core

/// Sends the events of files, so that sending a longer or changed file again counts rows once.
///
/// What is cut where, and its key, follow from the content: see ``EventCuts``. A part that has its
/// end goes in one request. One that has none yet, since the file ends in it, goes in the smaller
/// parts that will be in it however long the file becomes, its first row alone. That row's key says
/// later on that the part went in pieces.
struct FileSender {
    private let poster: EventPoster
    private let bodies: EventBodies
    private let cuts: EventCuts
    private let eventCountMax: Int
    private let progress: @Sendable (Int) -> Void
    private var keys = EventKeys()
    private var sent = SentEvents()
    /// Events that were accepted since the last ones that were there already.
    private var newCount = 0

    /// Makes a sender of requests of so many events at most.
    init(
        _ events: EventBatch,
        poster: EventPoster,
        eventCountMax: Int,
        progress: @escaping @Sendable (Int) -> Void
    ) {
        self.poster = poster
        self.eventCountMax = eventCountMax
        self.progress = progress
        cuts = EventCuts(events)
        // Parts have few enough rows for what a server takes, however long the names are.
        bodies = EventBodies(events, eventCountMax: .max, byteCountMax: 30 << 20)
    }

    /// How a part is sent.
    private enum Way {
        case whole, pieces
        /// It is there already.
        case known
    }

    private struct Prepared {
        let part: EventCuts.Part
        let level: Int
        let way: Way
        let body: [UInt8]
        let key: String
        /// The first row, whose key says that the part goes in pieces.
        let first: [UInt8]
        let firstKey: String

        var rows: Range<Int> { part.rows }
    }

    /// Sends all events in order.
    ///
    /// - Throws: ``FleetError`` of a request that could not be sent; those before it are there.
    mutating func send() async throws -> SentEvents {
        try await send(cuts.all, from: 0, level: 0, isNew: false)
        return sent
    }

    /// Sends the parts of a whole; while one is on its way the next is made ready.
    ///
    /// Of a whole that is new nothing was sent before.
    private mutating func send(
        _ whole: EventCuts.Part,
        from start: Int,
        level: Int,
        isNew: Bool
    ) async throws {
        guard level < EventCuts.levels.count else { return try await sendRows(whole, from: start) }
        var next = try await prepare(whole, from: start, level: level, isNew: isNew)
        while let current = next {
            try Task.checkCancellation()
            let end = current.rows.upperBound
            switch current.way {
            case .known:
                note(.known, current.rows)
                next = try await prepare(whole, from: end, level: level, isNew: isNew)
            case .pieces:
                try await sendPieces(current)
                next = try await prepare(whole, from: end, level: level, isNew: isNew)
            case .whole:
                let poster = poster
                async let answered = poster.post(current.body, key: current.key)
                next = try await prepare(whole, from: end, level: level, isNew: isNew)
                note(try await answered, current.rows)
            }
        }
    }

    private mutating func sendPieces(_ prepared: Prepared) async throws {
        let start = prepared.rows.lowerBound
        let answer = try await poster.post(prepared.first, key: prepared.firstKey)
        note(answer, start..<(start + 1))
        try await send(
            prepared.part,
            from: start + 1,
            level: prepared.level + 1,
            isNew: !answer.duplicate
        )
    }

    private mutating func sendRows(_ whole: EventCuts.Part, from start: Int) async throws {
        for row in start..<whole.rows.upperBound {
            try Task.checkCancellation()
            let body = bodies.body(of: row..<(row + 1)).bytes
            let key = keys.key(of: body, use: 0)
            note(try await poster.post(body, key: key), row..<(row + 1))
        }
    }

    /// Cuts the next part of a whole, writes it, and asks how it was sent before.
    private mutating func prepare(
        _ whole: EventCuts.Part,
        from start: Int,
        level: Int,
        isNew: Bool
    ) async throws -> Prepared? {
        guard start < whole.rows.upperBound else { return nil }
        let part = cuts.part(from: start, of: whole, level: level)
        let first = bodies.body(of: start..<(start + 1)).bytes
        let firstKey = keys.key(of: first, use: 2 * level + 1)
        let body = part.isEnded ? bodies.body(of: part.rows).bytes : []
        let key = keys.key(of: body, use: 2 * level + 2)
        var way = part.isEnded ? Way.whole : .pieces
        if part.isEnded, try await isKnown(firstKey, isNew) {
            way = .pieces
        } else if part.isEnded, part.rows.count > eventCountMax {
            way = try await isKnown(key, isNew) ? .known : .pieces
        }
        return Prepared(
            part: part,
            level: level,
            way: way,
            body: body,
            key: key,
            first: first,
            firstKey: firstKey
        )
    }

    private func isKnown(_ key: String, _ isNew: Bool) async throws -> Bool {
        guard !isNew else { return false }
        return try await poster.knows(key)
    }

    private mutating func note(_ answer: EventsAnswer, _ rows: Range<Int>) {
        if answer.duplicate {
            sent.alreadyThere += rows.count
            // Sending goes in order: what is new before this was there in another form, or never.
            sent.changed += newCount
            newCount = 0
        } else {
            sent.accepted += answer.accepted
            newCount += answer.accepted
        }
        sent.add(rejectedOf: answer)
        progress(rows.upperBound)
    }
}

extension EventsAnswer {
    /// The answer to a body that need not be sent, since the server has it.
    fileprivate static let known = EventsAnswer(
        accepted: 0,
        duplicate: true,
        rejected: 0,
        rejectedByReason: [:],
        rejectedEvents: []
    )
}
