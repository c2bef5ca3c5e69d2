import Core
import Service

/// How many series are silent, counted at most once a minute: pages and metrics ask often.
actor SilentCount {
    private let backend: Backend
    private var known: Int?
    private var countedAt = Timestamp.distantPast
    private var isCounting = false

    private static let countMax = 10_000

    init(_ backend: Backend) { self.backend = backend }

    /// The count, at most ten thousand; nil when it is not known.
    func count() async -> Int? {
        let now = backend.clock.now
        let age = now - countedAt
        guard !isCounting, age >= .seconds(60) || age < .zero else { return known }
        isCounting = true
        defer { isCounting = false }
        do {
            known = try await SilentSeriesFinder(backend).find(limit: Self.countMax).series.count
            countedAt = now
        } catch {
            known = nil
        }
        return known
    }
}
