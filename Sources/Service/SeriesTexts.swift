import Core
import Parquet

/// Where the names of numbered series are in columns of texts, kept from part to part of a capture.
///
/// A series is looked up once, however many parts it is in.
///
/// - Complexity: 8 bytes a series, and the names of devices and sensors.
package struct SeriesTexts {
    private var numbering: SeriesNumbers?
    private var partitions: [Int: Partition] = [:]

    /// The series of one partition.
    fileprivate struct Partition {
        var devices = DistinctTexts()
        var sensors = DistinctTexts()
        /// By the place of a series: the number of its device above that of its sensor.
        var ofPlace: [UInt64] = []

        static let unknown = UInt64.max
    }

    package init() {}

    /// The columns of devices and sensors; nil for events of several partitions.
    mutating func columns(
        of events: NumberedEvents
    ) -> (devices: ParquetColumn, sensors: ParquetColumn)? {
        let index = events.numbers.first?.partition ?? 0
        guard events.numbers.allSatisfy({ $0.partition == index }) else { return nil }
        if numbering !== events.numbering {
            numbering = events.numbering
            partitions = [:]
        }
        return partitions[index, default: Partition()].columns(of: events)
    }
}

extension SeriesTexts.Partition {
    fileprivate mutating func columns(
        of events: NumberedEvents
    ) -> (devices: ParquetColumn, sensors: ParquetColumn) {
        learn(events)
        var (deviceRows, sensorRows): ([UInt32], [UInt32]) = ([], [])
        ofPlace.withUnsafeBufferPointer { ofPlace in
            deviceRows = events.numbers.map { UInt32(truncatingIfNeeded: ofPlace[$0.place] >> 32) }
            sensorRows = events.numbers.map { UInt32(truncatingIfNeeded: ofPlace[$0.place]) }
        }
        return (
            .string(dictionary: devices.texts, indices: deviceRows),
            .string(dictionary: sensors.texts, indices: sensorRows)
        )
    }

    /// Looks up the names of series that were not in a part before.
    private mutating func learn(_ events: NumberedEvents) {
        let last = events.numbers.reduce(-1) { max($0, $1.place) }
        if last >= ofPlace.count {
            let missing = last + 1 - ofPlace.count
            ofPlace.append(contentsOf: repeatElement(Self.unknown, count: missing))
        }
        var new: [SeriesNumber] = []
        for number in events.numbers where ofPlace[number.place] == Self.unknown {
            ofPlace[number.place] = 0
            new.append(number)
        }
        guard !new.isEmpty else { return }
        // Names lie in memory in the order of places.
        new.sort { $0.bits < $1.bits }
        let names = events.numbering.names(of: new)
        for (id, number) in new.enumerated() {
            names.withBytes(of: UInt32(id)) { device, sensor in
                ofPlace[number.place] =
                    UInt64(devices.number(of: device)) << 32 | UInt64(sensors.number(of: sensor))
            }
        }
    }
}
