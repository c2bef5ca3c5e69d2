package import Core
import Packs
import Pipelines
import Store

/// A series that is expected to send and does not.
package struct SilentSensor: Sendable, Equatable {
    /// Why it is expected.
    package enum Reason: Sendable, Equatable {
        /// A pipeline scores it with a model of its own.
        case model(pipeline: String)
        /// It sent within the time for which that is remembered.
        case recent
    }

    /// Without a sensor for a device with a model that never sent anything.
    package let key: SeriesKey
    package let reason: Reason
    /// Nil when no event of it ever came.
    package let lastEventAt: Timestamp?
    /// When it was late enough to be silent; nil when no event of it ever came.
    package let silentSince: Timestamp?
    /// How often an event of it is expected, where that is known.
    package let expectedInterval: Duration?
}

/// Finds series that are expected and silent.
///
/// A series is expected when a pipeline's fleet has a model for it or for its device, or when its
/// last event is not older than `expected_for`. It is silent after three times its expected
/// interval, else after `silent_after`.
package struct SilentSeriesFinder: Sendable {
    /// The silent series found, in key order, and whether there are more.
    package struct Found: Sendable {
        package internal(set) var series: [SilentSensor] = []
        package internal(set) var hasMore = false
    }

    private let store: any WindowStore
    private let catalog: any Catalog
    private let fleets: FleetRegistry
    private let pipelines: PipelineRegistry
    private let settings: ServiceSettings
    private let clock: any WallClock

    private static let pageCount = 10_000

    package init(_ backend: Backend) {
        store = backend.windows
        catalog = backend.catalog
        fleets = backend.fleets
        pipelines = backend.pipelines
        settings = backend.settings
        clock = backend.clock
    }

    /// The first silent series.
    ///
    /// - Complexity: one pass over the known series, until the limit is reached.
    package func find(limit: Int) async throws -> Found {
        let now = clock.now
        var models = try await cursors()
        var found = Found()
        var after: SeriesKey?
        while true {
            try Task.checkCancellation()
            let page = try await store.series(after: after, limit: Self.pageCount)
            let intervals = try await store.expectedIntervals(for: page.map(\.key))
            for (info, interval) in zip(page, intervals) {
                for index in models.indices {
                    models[index].passUnseen(before: info.key) { found.series.append($0) }
                }
                if let silent = check(info, interval, models, now) { found.series.append(silent) }
                guard found.series.count <= limit else { return Self.cut(found, limit) }
            }
            guard page.count == Self.pageCount, let last = page.last else { break }
            after = last.key
        }
        for index in models.indices {
            models[index].passUnseen(before: nil, countMax: limit) { found.series.append($0) }
        }
        found.series.sort { $0.key < $1.key }
        return found.series.count > limit ? Self.cut(found, limit) : found
    }

    private static func cut(_ found: Found, _ limit: Int) -> Found {
        Found(series: Array(found.series.prefix(limit)), hasMore: true)
    }

    private func check(
        _ info: SeriesInfo,
        _ interval: Duration?,
        _ models: [ModelCursor],
        _ now: Timestamp
    ) -> SilentSensor? {
        let last = info.lastEventAt ?? info.lastWindowEnd ?? info.firstSeenAt
        let allowed = interval.map { $0 * 3 } ?? settings.silentAfter
        guard now - last > allowed else { return nil }
        let model = models.first { $0.covers(info.key) }
        guard model != nil || now - last <= settings.expectedFor else { return nil }
        return SilentSensor(
            key: info.key,
            reason: model.map { .model(pipeline: $0.pipeline) } ?? .recent,
            lastEventAt: last,
            silentSince: last + allowed,
            expectedInterval: interval
        )
    }

    /// A cursor over the models of each fleet version that a pipeline uses.
    private func cursors() async throws -> [ModelCursor] {
        var cursors: [ModelCursor] = []
        var known: Set<String> = []
        for record in try await catalog.pipelines() {
            let document = try await pipelines.document(record.name, version: record.version)
            do {
                let version = try await fleets.resolve(document.fleet)
                guard known.insert(version.packKey).inserted else { continue }
                let pack = try await fleets.pack(of: version)
                cursors.append(ModelCursor(pipeline: record.name, pack: pack))
            } catch let error as FleetError where error.code == .notFound {
                continue  // A pipeline may be published before its fleet is.
            }
        }
        return cursors
    }
}

/// The keys of a fleet in order, on their way past the known series.
private struct ModelCursor {
    let pipeline: String
    let pack: PackReader
    private var next = 0
    /// Whether the key at `next` had a series already.
    private var isSeen = false

    init(pipeline: String, pack: PackReader) {
        self.pipeline = pipeline
        self.pack = pack
    }

    /// Whether there is a model for a series or for its device.
    func covers(_ key: SeriesKey) -> Bool {
        pack.find(key) != nil
            || pack.find(SeriesKey(uncheckedDevice: key.device, sensor: "")) != nil
    }

    /// Moves past all keys before a series and tells those that have none.
    mutating func passUnseen(
        before key: SeriesKey?,
        countMax: Int = .max,
        _ tell: (SilentSensor) -> Void
    ) {
        var told = 0
        while next < pack.count, told <= countMax {
            let model = pack.key(at: next)
            if let key {
                if model.isDevice ? model.device == key.device : model == key {
                    isSeen = true
                    return
                }
                guard model < key else { return }
            }
            if !isSeen, !Self.isFallback(model) {
                told += 1
                tell(
                    SilentSensor(
                        key: model,
                        reason: .model(pipeline: pipeline),
                        lastEventAt: nil,
                        silentSince: nil,
                        expectedInterval: nil
                    )
                )
            }
            next += 1
            isSeen = false
        }
    }

    private static func isFallback(_ key: SeriesKey) -> Bool { key == .fallbackModel }
}
