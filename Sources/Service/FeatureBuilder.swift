import Core
import Pipelines

/// Turns windows into the feature rows of a pipeline.
///
/// A per-series pipeline has a row per window; a per-device one has a row per device and window
/// end, with NaN where a sensor has no window.
struct FeatureBuilder {
    let features: FeatureSelection

    /// The rows of windows sorted by key, then end; whole devices must be in one batch.
    ///
    /// `expected` holds, per series of the batch, how often an event is expected; what is missing
    /// is unknown. Coverage is the events seen over those expected, at most 1; of a device, over
    /// its sensors with an expected interval.
    func rows(of windows: WindowBatch, expected: [Duration?] = []) -> FeatureBatch {
        let coverage = WindowCoverage(windows, expected: expected)
        var batch = FeatureBatch(featureNames: features.names)
        switch features {
        case .series(let aggregates):
            for row in 0..<windows.count {
                batch.append(
                    windows.key(at: row),
                    start: windows.starts[row],
                    end: windows.ends[row],
                    features: aggregates.lazy.map { windows.value($0, at: row) },
                    coverage: coverage.value(at: row)
                )
            }
        case .device(let sensors):
            appendDeviceRows(of: windows, sensors, coverage, to: &batch)
        }
        return batch
    }

    private func appendDeviceRows(
        of windows: WindowBatch,
        _ sensors: [FeatureSelection.SensorFeature],
        _ coverage: WindowCoverage,
        to batch: inout FeatureBatch
    ) {
        var row = 0
        while row < windows.count {
            let device = windows.key(at: row).device
            var last = row
            while last < windows.count, windows.key(at: last).device == device { last += 1 }
            append(device, windows, row..<last, sensors, coverage, to: &batch)
            row = last
        }
    }

    private func append(
        _ device: String,
        _ windows: WindowBatch,
        _ rows: Range<Int>,
        _ sensors: [FeatureSelection.SensorFeature],
        _ coverage: WindowCoverage,
        to batch: inout FeatureBatch
    ) {
        var slots: [Int64: Int] = [:]
        var starts: [Int64] = []
        var ends: [Int64] = []
        var values: [Double] = []
        var seen: [WindowCoverage.Share] = []
        for row in rows {
            let sensor = windows.key(at: row).sensor
            guard sensors.contains(where: { $0.sensor == sensor }) else { continue }
            let end = windows.ends[row]
            let slot = slots[end] ?? ends.count
            if slot == ends.count {
                slots[end] = slot
                starts.append(windows.starts[row])
                ends.append(end)
                values.append(contentsOf: repeatElement(.nan, count: sensors.count))
                seen.append(.init())
            }
            seen[slot].add(coverage.share(at: row))
            for (column, feature) in sensors.enumerated() where feature.sensor == sensor {
                values[slot * sensors.count + column] = windows.value(feature.aggregate, at: row)
            }
        }
        let key = SeriesKey(uncheckedDevice: device, sensor: "")
        for slot in ends.indices.sorted(by: { ends[$0] < ends[$1] }) {
            batch.append(
                key,
                start: starts[slot],
                end: ends[slot],
                features: values[(slot * sensors.count)..<((slot + 1) * sensors.count)],
                coverage: seen[slot].value
            )
        }
    }
}
