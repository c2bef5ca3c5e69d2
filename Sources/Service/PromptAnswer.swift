import Core

/// Asks what may not be answered, such as a database whose disk stands still, and gives up soon.
///
/// Whoever watches a server must see that it is stuck, so no page may be stuck with it. At most one
/// question is on its way: who asks meanwhile gets its answer, and nothing piles up.
package actor PromptAnswer<Value: Sendable> {
    private let what: String
    private let limit: Duration
    private let timer: any Clock<Duration>
    private let ask: @Sendable () async throws -> Value
    private var waiting: [Int: CheckedContinuation<Value, any Error>] = [:]
    private var askedCount = 0
    private var isAsking = false
    /// The last answer, also one that came too late for who had asked; nil after an error.
    package private(set) var latest: Value?

    /// Asks with `ask`; errors name `what`.
    package init(
        of what: String,
        within limit: Duration = .seconds(2),
        timer: any Clock<Duration>,
        _ ask: @escaping @Sendable () async throws -> Value
    ) {
        self.what = what
        self.limit = limit
        self.timer = timer
        self.ask = ask
    }

    /// The answer.
    ///
    /// - Throws: what the question throws, and ``FleetError`` `.unavailable` when none comes in
    ///   time.
    package func value() async throws -> Value {
        if !isAsking {
            isAsking = true
            Task { [ask] in
                do {
                    finish(.success(try await ask()))
                } catch {
                    finish(.failure(error))
                }
            }
        }
        askedCount += 1
        let number = askedCount
        let alarm = Task { [timer, limit] in
            try await timer.sleep(for: limit)
            giveUp(number)
        }
        defer { alarm.cancel() }
        return try await withCheckedThrowingContinuation { waiting[number] = $0 }
    }

    private func finish(_ result: Result<Value, any Error>) {
        isAsking = false
        latest = try? result.get()
        let all = waiting
        waiting = [:]
        for continuation in all.values { continuation.resume(with: result) }
    }

    private func giveUp(_ number: Int) {
        waiting.removeValue(forKey: number)?.resume(
            throwing: FleetError(
                .unavailable,
                "\(what) has not answered for \(limit.text)",
                hint: "check the disk it is on"
            )
        )
    }
}
