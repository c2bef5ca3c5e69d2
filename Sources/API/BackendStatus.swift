import Client
import Compute
import Core
import Service
import Store
import Windowing

extension Backend {
    /// Sources, lag and windows as the API and the page show them.
    func status() async -> StatusInfo {
        let partitions = await progress.partitions
        let counters = await progress.counters
        var definitions: [StatusInfo.Definition] = []
        for window in settings.windows {
            let counts = counters.definitions[window.name] ?? .init()
            let watermark = await progress.watermark(window.name)
            definitions.append(
                .init(
                    name: window.name,
                    size: window.size.text,
                    allowedLateness: window.allowedLateness.text,
                    windowed: counts.windowed,
                    filtered: counts.filtered,
                    late: counts.late,
                    closed: counts.closed,
                    watermark: watermark == .distantFuture ? nil : watermark
                )
            )
        }
        return StatusInfo(
            version: ProductVersion.current,
            startedAt: startedAt,
            accepted: counters.accepted,
            duplicates: counters.duplicates,
            lag: await progress.lag,
            problem: await progress.problem,
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
    }

    /// What is measured by looking, for `/metrics`.
    func gauges() async -> [(name: String, help: String, value: Double)] {
        let partitions = await progress.partitions
        let workers = await compute.workers()
        return [
            (
                "fleetscore_windowing_lag_events", "Durable events not in windows yet.",
                Double(await progress.lag)
            ),
            (
                "fleetscore_windowing_open_windows", "Open windows.",
                Double(partitions.reduce(0) { $0 + $1.openWindows })
            ),
            (
                "fleetscore_windowing_series", "Series seen.",
                Double(partitions.reduce(0) { $0 + $1.seriesCount })
            ),
            ("fleetscore_compute_workers", "Worker processes.", Double(workers.count)),
            (
                "fleetscore_uptime_seconds", "Seconds since start.",
                (clock.now - startedAt).inSeconds
            ),
        ]
    }
}
