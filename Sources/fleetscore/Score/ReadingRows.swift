import Core
import Wire

/// The readings of a table as rows to score: grouped by key, in time or input order.
struct ReadingRows {
    /// Distinct keys, ascending.
    let keys: [SeriesKey]
    /// Per scored row, in key order: the reading of the table it comes from.
    let readings: [Int]
    private let table: ReadingTable
    private let perDevice: Bool
    /// Per key: its first row; one more entry than keys.
    private let offsets: [Int]

    /// Groups readings by key, or by device.
    init(_ table: ReadingTable, perDevice: Bool, keepsInputOrder: Bool) {
        self.table = table
        self.perDevice = perDevice
        var dictionary = SeriesDictionary()
        let groupOfSeries = table.batch.series.keys.map { key in
            dictionary.insert(
                perDevice ? SeriesKey(uncheckedDevice: key.device, sensor: "") : key
            )
        }
        let order = dictionary.keys.indices.sorted { dictionary.keys[$0] < dictionary.keys[$1] }
        var rank = [Int](repeating: 0, count: order.count)
        for (position, group) in order.enumerated() { rank[group] = position }
        let ranks = table.batch.seriesIndex.map { rank[Int(groupOfSeries[Int($0)])] }
        var offsets = [Int](repeating: 0, count: order.count + 1)
        for rank in ranks { offsets[rank + 1] += 1 }
        for index in 0..<order.count { offsets[index + 1] += offsets[index] }
        var next = offsets
        var readings = [Int](repeating: 0, count: ranks.count)
        for (reading, rank) in ranks.enumerated() {
            readings[next[rank]] = reading
            next[rank] += 1
        }
        if !keepsInputOrder || perDevice {
            let times = table.batch.times
            for index in 0..<order.count {
                let range = offsets[index]..<offsets[index + 1]
                // Stable: equal times keep their input order.
                let sorted = readings[range].sorted { (times[$0], $0) < (times[$1], $1) }
                readings.replaceSubrange(range, with: sorted)
            }
        }
        keys = order.map { dictionary.keys[$0] }
        self.readings = readings
        self.offsets = offsets
    }

    /// The feature rows; per-device rows take the order of features from the models.
    func features(named names: [String]?) -> FeatureBatch {
        perDevice ? deviceFeatures(sensorNames(names)) : seriesFeatures()
    }

    /// The time and value texts of a row, as ranges of the input.
    func texts(ofRow row: Int) -> (time: Range<Int>, value: Range<Int>) {
        (table.timeText[readings[row]], table.valueText[readings[row]])
    }

    private func seriesFeatures() -> FeatureBatch {
        var batch = FeatureBatch(featureNames: ["value"])
        batch.keys = keys
        batch.rowOffsets = offsets
        batch.starts = readings.map { table.batch.times[$0] }
        batch.ends = batch.starts
        batch.values = readings.map { table.batch.values[$0] }
        batch.coverages = [Double](repeating: .nan, count: readings.count)
        return batch
    }

    private func deviceFeatures(_ sensors: [String]) -> FeatureBatch {
        var column: [String: Int] = [:]
        for (index, sensor) in sensors.enumerated() { column[sensor] = index }
        var batch = FeatureBatch(featureNames: sensors)
        for (index, key) in keys.enumerated() {
            var row = [Double](repeating: .nan, count: sensors.count)
            var time: Int64?
            for reading in readings[offsets[index]..<offsets[index + 1]] {
                let next = table.batch.times[reading]
                if let now = time, now != next {
                    batch.append(key, start: now, end: now, features: row)
                    row = [Double](repeating: .nan, count: sensors.count)
                }
                time = next
                let sensor = table.batch.series.keys[Int(table.batch.seriesIndex[reading])].sensor
                if let slot = column[sensor] { row[slot] = table.batch.values[reading] }
            }
            if let time { batch.append(key, start: time, end: time, features: row) }
        }
        return batch
    }

    /// The models' own feature names when the data has them all, else the order of the data.
    private func sensorNames(_ named: [String]?) -> [String] {
        var seen: [String] = []
        for key in table.batch.series.keys where !seen.contains(key.sensor) {
            seen.append(key.sensor)
        }
        if let named, named.allSatisfy({ seen.contains($0) }) { return named }
        return seen
    }
}
