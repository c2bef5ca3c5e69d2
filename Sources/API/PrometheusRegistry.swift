package import Metrics
import Synchronization

/// Collects swift-metrics counters and writes them as Prometheus text.
///
/// Small on purpose: counters, floating-point counters and the last value of recorders; names and
/// labels are bounded by the code that makes them.
package final class PrometheusRegistry: MetricsFactory {
    /// The registry that the process bootstraps and `/metrics` reads.
    package static let shared = PrometheusRegistry()

    private let values = Mutex<[String: Double]>([:])

    package init() {}

    /// The exposition text: all counters, then the given gauges, whose names may carry labels.
    package func text(with gauges: [(name: String, help: String, value: Double)]) -> String {
        var text = ""
        var lastName = ""
        for (series, value) in values.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            let name = String(series.prefix { $0 != "{" })
            if name != lastName { text += "# TYPE \(name) counter\n" }
            lastName = name
            text += "\(series) \(Self.number(value))\n"
        }
        for gauge in gauges {
            let name = String(gauge.name.prefix { $0 != "{" })
            if name != lastName {
                text += "# HELP \(name) \(gauge.help)\n# TYPE \(name) gauge\n"
            }
            lastName = name
            text += "\(gauge.name) \(Self.number(gauge.value))\n"
        }
        return text
    }

    fileprivate func add(_ amount: Double, to series: String) {
        values.withLock { $0[series, default: 0] += amount }
    }

    fileprivate func set(_ value: Double, of series: String) {
        values.withLock { $0[series] = value }
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }

    private static func series(_ label: String, _ dimensions: [(String, String)]) -> String {
        guard !dimensions.isEmpty else { return label }
        let pairs = dimensions.map { "\($0.0)=\"\($0.1)\"" }
        return label + "{" + pairs.joined(separator: ",") + "}"
    }

    package func makeCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any CounterHandler {
        Handle(registry: self, series: Self.series(label, dimensions))
    }

    package func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        Handle(registry: self, series: Self.series(label, dimensions))
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        Handle(registry: self, series: Self.series(label, dimensions))
    }

    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}
}

/// One series of a registry.
private final class Handle: CounterHandler, RecorderHandler, TimerHandler {
    private let registry: PrometheusRegistry
    private let series: String

    init(registry: PrometheusRegistry, series: String) {
        self.registry = registry
        self.series = series
    }

    func increment(by amount: Int64) { registry.add(Double(amount), to: series) }
    func reset() { registry.set(0, of: series) }
    func record(_ value: Int64) { registry.set(Double(value), of: series) }
    func record(_ value: Double) { registry.set(value, of: series) }
    func recordNanoseconds(_ duration: Int64) { registry.add(Double(duration) * 1e-9, to: series) }
}
