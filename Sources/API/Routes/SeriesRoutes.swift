import Client
import Core
import Hummingbird
import Service
import Store
import Windowing

/// `/v1/series`: the known series, and the windows and predictions of one.
struct SeriesRoutes {
    let backend: Backend

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/series") { request, _ in
            let limit = try request.number("limit", default: 1000, in: 1...100_000)
            let after = try request.query("after").map { try SeriesKey(parsing: $0) }
            return try JSONAnswer.ok(await backend.windows.series(after: after, limit: limit))
        }
        router.get("/v1/windows") { request, _ in
            guard let text = request.query("key") else {
                throw FleetError(
                    .invalidArgument,
                    "no key is given",
                    hint: "add ?key=device/sensor"
                )
            }
            let definition = request.query("windows") ?? backend.settings.windows.first?.name ?? ""
            guard backend.settings.window(definition) != nil else {
                let names = backend.settings.windows.map(\.name)
                throw FleetError(
                    .notFound,
                    "there is no window definition \"\(definition)\"",
                    hint: DidYouMean.hint(for: definition, among: names)
                )
            }
            let batch = try await backend.windows.windows(
                definition: definition,
                key: SeriesKey(parsing: text),
                from: request.time("from") ?? .distantPast,
                to: request.time("to") ?? .distantFuture,
                limit: request.number("limit", default: 1000, in: 1...100_000)
            )
            return try JSONAnswer.ok((0..<batch.count).map { WindowInfo(batch, row: $0) })
        }
    }
}

extension WindowInfo {
    init(_ batch: WindowBatch, row: Int) {
        self.init(
            key: batch.key(at: row).description,
            start: Timestamp(microseconds: batch.starts[row]),
            end: Timestamp(microseconds: batch.ends[row]),
            count: batch.counts[row],
            sum: batch.sums[row],
            mean: batch.means[row],
            min: batch.mins[row],
            max: batch.maxs[row],
            stddev: batch.stddevs[row].ifNumber,
            first: batch.firsts[row],
            last: batch.lasts[row]
        )
        rate = batch.rates[row].ifNumber
        revision = Int(batch.revisions[row])
        guard !batch.quantilePoints.isEmpty else { return }
        quantiles = [:]
        for point in batch.quantilePoints {
            guard let name = Aggregate.quantile(point)?.rawValue else { continue }
            quantiles?[name] = batch.quantile(point, at: row).ifNumber
        }
    }
}
