import Client
import Core
import Hummingbird
import Service
import Store

/// `/v1/events/dead-letters` and what is counted of them.
struct DeadLetterRoutes {
    let backend: Backend

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/events/dead-letters") { request, _ in try await list(request) }
        router.get("/v1/events/dead-letters/{number}") { _, context in
            let text = try context.parameters.require("number")
            guard let number = Int64(text) else {
                throw FleetError(.invalidArgument, "\"\(text)\" is no number of a dead letter")
            }
            guard let letter = try await backend.windows.deadLetter(number: number) else {
                throw FleetError(
                    .notFound,
                    "there is no dead letter \(number)",
                    hint: "the newest \(DeadLetter.countMax) are kept"
                )
            }
            return try JSONAnswer.ok(DeadLetterInfo(letter))
        }
        router.post("/v1/events/dead-letters/replay") { request, _ in try await replay(request) }
        router.get("/v1/events/counts") { _, _ in
            let counts = try await backend.windows.eventCounts()
            return try JSONAnswer.ok(counts.map { EventCountInfo($0) })
        }
        router.get("/v1/events/late") { request, _ in
            let limit = try request.number("limit", default: 100, in: 1...10_000)
            return try JSONAnswer.ok(
                await letters(DeadLetterFilter(reason: .late), before: nil, limit: limit)
            )
        }
        router.get("/v1/events/rejected") { request, _ in
            let limit = try request.number("limit", default: 100, in: 1...10_000)
            return try JSONAnswer.ok(await rejected(limit: limit))
        }
    }

    private func list(_ request: Request) async throws -> Response {
        let filter = DeadLetterFilter(
            reason: try await reason(request.query("reason")),
            device: request.query("device"),
            receivedSince: try request.time("since")
        )
        let before = try request.query("before").map { text in
            guard let number = Int64(text) else {
                throw FleetError(
                    .invalidArgument,
                    "before=\(text) is no number of a dead letter"
                )
            }
            return number
        }
        let limit = try request.number("limit", default: 100, in: 1...10_000)
        return try JSONAnswer.ok(await letters(filter, before: before, limit: limit))
    }

    /// - Throws: ``FleetError`` `.invalidArgument` for a reason that no event has.
    private func reason(_ text: String?) async throws -> DeadLetterReason? {
        guard let text else { return nil }
        let reason = DeadLetterReason(rawValue: text)
        if DeadLetterReason.all.contains(reason) { return reason }
        // An older version may have had others.
        let counted = try await backend.windows.eventCounts()
        if counted.contains(where: { $0.reason == reason }) { return reason }
        throw FleetError(
            .invalidArgument,
            "unknown reason \"\(text)\"",
            hint: DidYouMean.hint(for: text, among: DeadLetterReason.all.map(\.rawValue))
        )
    }

    private func letters(
        _ filter: DeadLetterFilter,
        before: Int64?,
        limit: Int
    ) async throws -> [DeadLetterInfo] {
        try await backend.windows.deadLetters(filter, before: before, limit: limit)
            .map { DeadLetterInfo($0) }
    }

    /// Reasons of events that are in the log: they were accepted.
    private static let accepted: Set<DeadLetterReason> = [.late, .duplicate]
    private static let pageCountMax = 100

    /// The newest letters of events that were not accepted, as far as they are looked for.
    private func rejected(limit: Int) async throws -> [DeadLetterInfo] {
        var found: [DeadLetterInfo] = []
        var before: Int64?
        for _ in 0..<Self.pageCountMax where found.count < limit {
            let page = try await backend.windows.deadLetters(
                DeadLetterFilter(),
                before: before,
                limit: 1000
            )
            guard let last = page.last else { break }
            before = last.number
            found += page.filter { !Self.accepted.contains($0.letter.reason) }
                .prefix(limit - found.count).map { DeadLetterInfo($0) }
        }
        return found
    }

    private func replay(_ request: Request) async throws -> Response {
        let wanted: ReplayRequest = try await request.decoded()
        let replay = DeadLetterReplay(
            ingest: backend.ingest,
            store: backend.windows,
            settings: backend.settings,
            clock: backend.clock
        )
        let outcome: DeadLetterReplay.Outcome
        if let numbers = wanted.numbers {
            guard numbers.count <= Self.replayCountMax else { throw Self.tooMany }
            outcome = try await replay.replay(numbers: numbers)
        } else {
            guard wanted.reason != nil || wanted.device != nil || wanted.since != nil else {
                throw FleetError(
                    .invalidArgument,
                    "it is not said which dead letters to send again",
                    hint: "give numbers, a reason, a device or a time"
                )
            }
            let limit = wanted.limit ?? 10_000
            guard 1...Self.replayCountMax ~= limit else { throw Self.tooMany }
            outcome = try await replay.replay(
                DeadLetterFilter(
                    reason: try await reason(wanted.reason),
                    device: wanted.device,
                    receivedSince: wanted.since
                ),
                limit: limit
            )
        }
        return try JSONAnswer.ok(
            ReplayAnswer(
                letters: outcome.letters,
                accepted: outcome.accepted,
                repeated: outcome.repeated,
                rejected: outcome.rejected,
                skipped: outcome.skipped,
                problems: outcome.problems
            )
        )
    }

    private static let replayCountMax = 100_000

    private static var tooMany: FleetError {
        FleetError(
            .invalidArgument,
            "1 to \(replayCountMax) dead letters are sent again in one call"
        )
    }
}

extension DeadLetterInfo {
    init(_ stored: StoredDeadLetter) {
        let letter = stored.letter
        self.init(
            number: stored.number,
            receivedAt: letter.receivedAt,
            reason: letter.reason.rawValue,
            source: letter.source
        )
        message = letter.message
        definition = letter.definition
        device = letter.device
        sensor = letter.sensor
        time = letter.time
        value = letter.value.flatMap(\.ifNumber)
        text = letter.text
        context = letter.context
        format = letter.format
        partition = letter.partition
        offset = letter.offset
        replayedAt = stored.replayedAt
    }
}

extension EventCountInfo {
    init(_ count: EventCount) {
        self.init(
            reason: count.reason.rawValue,
            definition: count.definition,
            count: count.count
        )
    }
}
