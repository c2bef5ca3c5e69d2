import Core
import Service

/// How many series are silent, counted at most once a minute: pages and metrics ask often.
actor SilentCount {
    private let clock: any WallClock
    private let counting: PromptAnswer<Int>
    private var countedAt = Timestamp.distantPast

    private static let countMax = 10_000

    init(_ backend: Backend) {
        clock = backend.clock
        counting = PromptAnswer(of: "the window store", timer: backend.timer) {
            try await SilentSeriesFinder(backend).find(limit: Self.countMax).series.count
        }
    }

    /// The count, at most ten thousand; nil when it is not known.
    ///
    /// With many series counting takes longer than anybody waits: then it is there a minute later.
    func count() async -> Int? {
        let now = clock.now
        let age = now - countedAt
        guard age >= .seconds(60) || age < .zero else { return await counting.latest }
        countedAt = now
        do {
            return try await counting.value()
        } catch {
            return await counting.latest
        }
    }
}
