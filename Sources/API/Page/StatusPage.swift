import Client
import Compute
import Core
import Hummingbird
import Pipelines
import Service
import Store
import Windowing

/// `GET /`: sources, lag, runs, items by status, and one series as a chart; plain HTML.
struct StatusPage {
    let backend: Backend
    let silent: SilentCount

    func add(to router: Router<BasicRequestContext>) {
        router.get("/") { request, _ in
            JSONAnswer.bytes(
                Array(try await page(request).description.utf8),
                type: "text/html; charset=utf-8"
            )
        }
    }

    private func page(_ request: Request) async throws -> HTML {
        let status = await backend.status()
        let runs = try await backend.catalog.runs(pipeline: nil, limit: 15)
        let problem: HTML = status.problem.map { "<p class=\"problem\">\($0)</p>" } ?? ""
        let chart = try await chartSection(request, runs: runs)
        return """
            <!doctype html><html lang="en"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="refresh" content="5"><title>Fleetscore</title>
            <style>\(PageStyle.css)</style></head><body>
            <header><h1>Fleetscore</h1><span>version \(status.version), up since
            \(status.startedAt)</span></header>
            \(problem)\(await tiles(status))
            \(chart)
            <h2>Runs</h2>\(runTable(runs))
            <h2>Windows</h2>\(windows(status))
            <h2>Sources</h2>\(sources(status))
            <p class="muted">Every item of a run ends as exactly one of scored, no_data, no_model,
            failed, timed_out, quarantined. More: <code>fleetscore --help</code>,
            <a href="/metrics">metrics</a>, <a href="/v1/status">status as JSON</a>.</p>
            </body></html>
            """
    }

    private func tiles(_ status: StatusInfo) async -> HTML {
        let workers = await backend.compute.workers()
        let series = status.partitions.reduce(0) { $0 + $1.series }
        let late = status.definitions.reduce(0) { $0 + $1.late }
        let closed = status.definitions.reduce(0) { $0 + $1.closed }
        let lost = status.counts.filter { $0.reason != "late" && $0.reason != "duplicate" }
            .reduce(0) { $0 + $1.count }
        let silent = await silent.count().map { "\($0)" } ?? "–"
        let lag: HTML = status.lag == 0 ? "0" : "<span class=\"warn\">\(status.lag)</span>"
        return """
            <div class="tiles">
            <div class="tile">events accepted<b>\(grouped: status.accepted)</b></div>
            <div class="tile">lag, events<b>\(lag)</b></div>
            <div class="tile">series<b>\(grouped: series)</b></div>
            <div class="tile">windows closed<b>\(grouped: closed)</b></div>
            <div class="tile">late events<b>\(grouped: late)</b></div>
            <div class="tile">rejected events<b>\(grouped: lost)</b></div>
            <div class="tile">silent series<b>\(silent)</b></div>
            <div class="tile">duplicates<b>\(grouped: status.duplicates)</b></div>
            <div class="tile">workers<b>\(workers.count)</b></div>
            </div>
            """
    }

    private func sources(_ status: StatusInfo) -> HTML {
        let used = status.partitions.filter { $0.events > 0 }
        guard !used.isEmpty else {
            return """
                \(connections(status))<p class="muted">No event has arrived. Try
                <code>fleetscore events send FILE</code>.</p>
                """
        }
        let head: HTML = """
            <tr><th>source</th><th class="n">log entries</th><th class="n">lag</th>
            <th>newest event</th><th class="n">series</th><th class="n">open windows</th></tr>
            """
        let all = StatusInfo.Partition(
            partition: 0,
            events: used.reduce(0) { $0 + $1.events },
            lag: status.lag,
            maxEventTime: used.compactMap(\.maxEventTime).max(),
            openWindows: used.reduce(0) { $0 + $1.openWindows },
            series: used.reduce(0) { $0 + $1.series }
        )
        let rows = used.map { sourceRow("partition \($0.partition)", $0) }
        return """
            <table>\(head)\(sourceRow("all", all))</table>\(connections(status))
            \(counts(status))
            <details><summary class="muted">by partition</summary>
            <table>\(head)\(rows.joined())</table></details>
            """
    }

    /// What feeds events in besides HTTP.
    private func connections(_ status: StatusInfo) -> HTML {
        guard !status.sources.isEmpty else { return "" }
        let rows = status.sources.map { source -> HTML in
            let tone = source.phase == "connected" ? "good" : "warn"
            return """
                <tr><td>\(source.name)</td><td class="\(tone)">\(source.phase)</td>
                <td class="n">\(grouped: source.received)</td>
                <td class="n">\(grouped: source.acknowledged)</td>
                <td>\(source.lastError ?? "")</td></tr>
                """
        }
        return """
            <table><tr><th>source</th><th>state</th><th class="n">messages</th>
            <th class="n">acknowledged</th><th>last error</th></tr>\(rows.joined())</table>
            """
    }

    /// Events that are in no window, by reason.
    private func counts(_ status: StatusInfo) -> HTML {
        guard !status.counts.isEmpty else { return "" }
        let rows = status.counts.map { count -> HTML in
            """
            <tr><td>\(count.reason)</td><td>\(count.definition ?? "")</td>
            <td class="n">\(grouped: count.count)</td></tr>
            """
        }
        return """
            <details><summary class="muted">events in no window, by reason</summary>
            <table><tr><th>reason</th><th>definition</th><th class="n">events</th></tr>
            \(rows.joined())</table></details>
            """
    }

    private func sourceRow(_ name: String, _ partition: StatusInfo.Partition) -> HTML {
        """
        <tr><td>\(name)</td><td class="n">\(grouped: partition.events)</td>
        <td class="n">\(grouped: partition.lag)</td>
        <td>\(partition.maxEventTime?.description ?? "–")</td>
        <td class="n">\(grouped: partition.series)</td>
        <td class="n">\(grouped: partition.openWindows)</td></tr>
        """
    }

    private func windows(_ status: StatusInfo) -> HTML {
        let rows = status.definitions.map { definition -> HTML in
            """
            <tr><td>\(definition.name)</td><td>\(definition.size)</td>
            <td>\(definition.allowedLateness)</td><td class="n">\(grouped: definition.closed)</td>
            <td class="n">\(grouped: definition.windowed)</td>
            <td class="n">\(grouped: definition.late)</td>
            <td>\(definition.watermark?.description ?? "–")</td></tr>
            """
        }
        return """
            <table><tr><th>definition</th><th>size</th><th>allowed lateness</th>
            <th class="n">closed</th><th class="n">events in windows</th><th class="n">late</th>
            <th>watermark</th></tr>\(rows.joined())</table>
            """
    }

    private func runTable(_ runs: [RunRecord]) -> HTML {
        guard !runs.isEmpty else {
            return """
                <p class="muted">No run yet. Try <code>fleetscore runs start PIPELINE</code>.</p>
                """
        }
        let rows = runs.map { run -> HTML in
            let tone = run.state.isPublished ? "good" : run.state == .failed ? "bad" : "warn"
            let counts = ItemStatus.allCases.reversed().map { status -> HTML in
                "<td class=\"n\">\(grouped: run.items[status])</td>"
            }
            let message: HTML = run.message.map { "<br><span class=\"muted\">\($0)</span>" } ?? ""
            return """
                <tr><td>\(run.pipeline)</td>
                <td>\(run.interval.start) to \(run.interval.end)\(message)</td>
                <td class="\(tone)">\(run.state.rawValue)</td>\(counts.joined())
                <td class="n">\(grouped: run.rowCount)</td>
                <td class="n">\(grouped: run.anomalyCount)</td></tr>
                """
        }
        let names = ItemStatus.allCases.reversed().map { status -> HTML in
            "<th class=\"n\">\(status.rawValue)</th>"
        }
        return """
            <table><tr><th>pipeline</th><th>interval</th><th>state</th>\(names.joined())
            <th class="n">rows</th><th class="n">anomalies</th></tr>\(rows.joined())</table>
            """
    }

    private func chartSection(_ request: Request, runs: [RunRecord]) async throws -> HTML {
        let published = runs.filter(\.state.isPublished).max { $0.rowCount < $1.rowCount }
        guard let key = try await chosenKey(request, published) else { return "" }
        let document = try await published.asyncMap {
            try await backend.pipelines.document($0.pipeline, version: $0.pipelineVersion)
        }
        let definition =
            request.query("windows") ?? document?.windows
            ?? backend.settings.windows.first?.name ?? ""
        let newest = try await backend.windows.windows(
            definition: definition,
            key: key,
            from: published?.interval.start ?? .distantPast,
            to: published?.interval.end ?? .distantFuture,
            limit: 2000
        )
        var anomalies: Set<Int64> = []
        if let published {
            let rows = try await backend.windows.predictions(
                run: published.id,
                key: key,
                anomaliesOnly: true,
                offset: 0,
                limit: 2000
            )
            anomalies = Set(rows.ends)
        }
        let chart = SeriesChart(times: newest.ends, values: newest.means, anomalies: anomalies)
        return """
            <h2>\(key) <span class="muted">mean of \(definition) windows, \(anomalies.count)
            anomalies marked</span></h2>
            <form><input name="key" value="\(key)" aria-label="series">
            <button>show</button></form>\(chart.svg)
            """
    }

    /// The asked series, else the one with the most anomalies, else the first known.
    private func chosenKey(_ request: Request, _ run: RunRecord?) async throws -> SeriesKey? {
        if let text = request.query("key"), !text.isEmpty { return try SeriesKey(parsing: text) }
        if let run {
            let items = try await backend.windows.items(
                run: run.id,
                status: .scored,
                offset: 0,
                limit: 2000
            )
            let interesting = items.filter { $0.anomalyCount * 2 < $0.rowCount }
            let best = interesting.max { $0.anomalyCount < $1.anomalyCount } ?? items.first
            if let best { return best.key }
        }
        return try await backend.windows.series(after: nil, limit: 1).first?.key
    }
}

extension Optional {
    /// Applies an asynchronous transform to a value that is there.
    fileprivate func asyncMap<Result>(
        _ transform: (Wrapped) async throws -> Result
    ) async rethrows -> Result? {
        guard let self else { return nil }
        return try await transform(self)
    }
}
