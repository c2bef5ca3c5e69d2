import Client
import Compute
import Core
import Service
import Sources
import Store
import Windowing

extension Backend {
    /// Sources, lag and windows as the API and the page show them.
    func status() async -> StatusInfo {
        let partitions = progress.partitions
        let counters = progress.counters
        var definitions: [StatusInfo.Definition] = []
        for window in settings.windows {
            let counts = counters.definitions[window.name] ?? .init()
            let watermark = progress.watermark(window.name)
            definitions.append(
                .init(
                    name: window.name,
                    kind: window.kind.text,
                    size: window.size.text,
                    allowedLateness: window.allowedLateness.text,
                    latePolicy: window.latePolicy.rawValue,
                    retention: settings.windowRetentions[window.name]?.text,
                    windowed: counts.windowed,
                    filtered: counts.filtered,
                    late: counts.late,
                    adjusted: counts.adjusted,
                    corrected: counts.corrected,
                    closed: counts.closed,
                    watermark: watermark == .distantFuture ? nil : watermark
                )
            )
        }
        var status = StatusInfo(
            version: ProductVersion.current,
            startedAt: startedAt,
            accepted: counters.accepted,
            duplicates: counters.duplicates,
            lag: await lag(),
            problem: await problem(),
            partitions: partitions.map {
                .init(
                    partition: $0.partition,
                    events: $0.logEnd,
                    lag: $0.logEnd - $0.nextOffset,
                    maxEventTime: $0.maxEventTime,
                    openWindows: $0.openWindows,
                    series: $0.seriesCount
                )
            },
            definitions: definitions
        )
        status.sources = sources.map { StatusInfo.Source($0) }
        do {
            status.counts = try await eventCounts.value().map { EventCountInfo($0) }
        } catch {
            status.problem = status.problem ?? "the database does not answer: \(error)"
        }
        return status
    }

    /// What keeps this process from building windows.
    func problem() async -> String? {
        if let problem = progress.problem { return problem }
        guard aggregator != nil, progress.isUnassigned else { return nil }
        return "no partitions are assigned to this process"
    }

    /// What is measured by looking, for `/metrics`.
    func gauges() async -> [(name: String, help: String, value: Double)] {
        let partitions = progress.partitions
        let workers = await compute.workers()
        return [
            (
                "fleetscore_windowing_lag_events",
                "Durable events not in windows yet, of all partitions.",
                Double(await lag())
            ),
            (
                "fleetscore_windowing_open_windows", "Open windows.",
                Double(partitions.reduce(0) { $0 + $1.openWindows })
            ),
            (
                "fleetscore_windowing_series", "Series seen.",
                Double(partitions.reduce(0) { $0 + $1.seriesCount })
            ),
            (
                "fleetscore_sources_connected", "Sources that are connected.",
                Double(sources.count { $0.status.isConnected })
            ),
            (
                "fleetscore_sources_pending_messages", "Messages received and not durable yet.",
                Double(sources.reduce(0) { $0 + $1.status.pendingCount })
            ),
            ("fleetscore_compute_workers", "Worker processes.", Double(workers.count)),
            (
                "fleetscore_uptime_seconds", "Seconds since start.",
                (clock.now - startedAt).inSeconds
            ),
        ]
    }
}

extension StatusInfo.Source {
    init(_ source: any EventSource) {
        let status = source.status
        self.init(
            name: source.name,
            phase: status.phase.rawValue,
            received: status.receivedCount,
            acknowledged: status.acknowledgedCount,
            pending: status.pendingCount
        )
        connectedSince = status.connectedSince
        lastError = status.lastError
        lastErrorAt = status.lastErrorAt
    }
}

extension WindowKind {
    /// One word and what else says how windows lie.
    var text: String {
        switch self {
        case .tumbling: "tumbling"
        case .hopping(let slide): "hopping every \(slide.text)"
        case .session(let gap, _): "session, gap \(gap.text)"
        }
    }
}
