import Core

/// The events of one partition of a batch, with a dictionary of their own.
struct PartitionPart {
    let partition: Int
    /// The batch's series id of each local id.
    var series: [UInt32] = []
    var seriesIndex: [UInt32] = []
    var times: [Int64] = []
    var values: [Double] = []

    /// The part as a batch.
    func batch(of source: EventBatch) -> EventBatch {
        var batch = EventBatch()
        for id in series { _ = batch.series.insert(id: id, of: source.series) }
        batch.seriesIndex = seriesIndex
        batch.times = times
        batch.values = values
        return batch
    }
}

extension EventBatch {
    /// Splits the events by partition, in order; partitions without events are left out.
    ///
    /// - Throws: `.invalidArgument` when columns differ in length or an id is unknown.
    func split(partitionCount: Int) throws -> [PartitionPart] {
        try checkColumns()
        let unknown = UInt32.max
        var partitionOf = [UInt32](repeating: unknown, count: series.count)
        var localID = [UInt32](repeating: 0, count: series.count)
        var parts = (0..<partitionCount).map { PartitionPart(partition: $0) }
        for row in 0..<count {
            let id = Int(seriesIndex[row])
            guard id < partitionOf.count else { throw unknownSeries(id, row: row) }
            if partitionOf[id] == unknown {
                let partition = series.partition(of: UInt32(id), of: partitionCount)
                partitionOf[id] = UInt32(partition)
                localID[id] = UInt32(parts[partition].series.count)
                parts[partition].series.append(UInt32(id))
            }
            let partition = Int(partitionOf[id])
            parts[partition].seriesIndex.append(localID[id])
            parts[partition].times.append(times[row])
            parts[partition].values.append(values[row])
        }
        return parts.filter { !$0.values.isEmpty }
    }

    /// Checks that the columns are equally long.
    func checkColumns() throws {
        guard seriesIndex.count == count, times.count == count else {
            throw FleetError(
                .invalidArgument,
                "an event batch has \(seriesIndex.count) series, \(times.count) times and "
                    + "\(count) values; the columns must be equally long"
            )
        }
    }

    func unknownSeries(_ id: Int, row: Int) -> FleetError {
        FleetError(
            .invalidArgument,
            "event \(row) of a batch has the unknown series id \(id)"
        )
    }
}
