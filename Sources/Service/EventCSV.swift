package import Core

/// Raw events as CSV: `time,device,sensor,value`, times in RFC 3339, shortest round-trip values.
package enum EventCSV {
    package static func encode(_ batch: EventBatch) -> [UInt8] {
        var bytes = Array("time,device,sensor,value\n".utf8)
        bytes.reserveCapacity(batch.count * 48)
        let keys = batch.series.keys.map { key in
            "," + CSVField.quoted(key.device) + "," + CSVField.quoted(key.sensor) + ","
        }
        for row in 0..<batch.count {
            let time = Timestamp(microseconds: batch.times[row])
            bytes.append(
                contentsOf: "\(time)\(keys[Int(batch.seriesIndex[row])])\(batch.values[row])\n".utf8
            )
        }
        return bytes
    }
}
