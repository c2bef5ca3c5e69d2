package import Core

/// Cuts a batch of events into request bodies: the CSV that a server takes, times in microseconds.
///
/// A body ends after so many events or bytes, whichever comes first.
package struct EventBodies: Sendable {
    /// A body and the rows that are in it.
    package struct Body: Sendable {
        package let bytes: [UInt8]
        package let rows: Range<Int>
    }

    private let events: EventBatch
    private let eventCountMax: Int
    private let byteCountMax: Int
    /// `,DEVICE,SENSOR,` of all series, one after another.
    private let names: [UInt8]
    /// Per series: where its names begin; one more entry than series.
    private let starts: [Int]
    /// Bytes of a row at most.
    private let rowByteCountMax: Int

    private static let header = Array("time,device,sensor,value\n".utf8)

    package init(_ events: EventBatch, eventCountMax: Int, byteCountMax: Int) {
        self.events = events
        self.eventCountMax = max(1, eventCountMax)
        self.byteCountMax = byteCountMax
        var names: [UInt8] = []
        var starts = [0]
        var longest = 0
        starts.reserveCapacity(events.series.count + 1)
        for id in 0..<UInt32(events.series.count) {
            let start = names.count
            events.series.withBytes(of: id) { device, sensor in
                names.append(0x2C)
                Self.append(device, to: &names)
                names.append(0x2C)
                Self.append(sensor, to: &names)
                names.append(0x2C)
            }
            longest = max(longest, names.count - start)
            starts.append(names.count)
        }
        self.names = names
        self.starts = starts
        rowByteCountMax = longest + 2 * DecimalText.byteCountMax + 1
    }

    /// The next body; nil when all rows before `start` are all there are.
    package func body(from start: Int) -> Body? {
        guard start < events.count else { return nil }
        return body(of: start..<(start + min(eventCountMax, events.count - start)))
    }

    /// The body of some rows, or of the first of them when they are too many bytes.
    package func body(of rows: Range<Int>) -> Body {
        let start = rows.lowerBound
        let countMax = rows.count
        let capacity = min(
            Self.header.count + countMax * rowByteCountMax,
            max(byteCountMax, Self.header.count + rowByteCountMax)
        )
        var end = start
        let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            guard let out = buffer.baseAddress else { return }
            for byte in Self.header {
                out[count] = byte
                count += 1
            }
            (end, count) = write(start..<(start + countMax), to: out, count, capacity)
        }
        return Body(bytes: bytes, rows: start..<end)
    }

    private func write(
        _ rows: Range<Int>,
        to out: UnsafeMutablePointer<UInt8>,
        _ start: Int,
        _ capacity: Int
    ) -> (end: Int, count: Int) {
        var at = start
        var row = rows.lowerBound
        var lastTime = Int64.min
        var lastText = (start: 0, count: 0)
        names.withUnsafeBufferPointer { names in
            guard let names = names.baseAddress else { return }
            while row < rows.upperBound, at + rowByteCountMax <= capacity {
                let time = events.times[row]
                if time == lastTime {
                    (out + at).update(from: out + lastText.start, count: lastText.count)
                } else {
                    lastTime = time
                    lastText = (at, DecimalText.write(time, to: out + at))
                }
                at += lastText.count
                let series = Int(events.seriesIndex[row])
                let name = starts[series]
                let nameCount = starts[series + 1] - name
                (out + at).update(from: names + name, count: nameCount)
                at += nameCount
                at += DecimalText.write(events.values[row], to: out + at)
                out[at] = 0x0A
                at += 1
                row += 1
            }
        }
        return (row, at)
    }

    /// Appends a name, in quotes when CSV needs them.
    private static func append(_ name: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
        let isPlain = name.allSatisfy { byte in
            byte > 0x22 && byte != 0x2C && byte != 0x3B && byte != 0x7F
        }
        guard !isPlain else { return bytes.append(contentsOf: name) }
        bytes.append(0x22)
        for byte in name {
            if byte == 0x22 { bytes.append(0x22) }
            bytes.append(byte)
        }
        bytes.append(0x22)
    }
}

extension EventBatch {
    /// The events by time, equal times in their order; a sorted batch is not copied.
    ///
    /// - Complexity: linear: a pass for every 16 bits of the range of times.
    package func sortedByTime() -> EventBatch {
        let isSorted = zip(times, times.dropFirst()).allSatisfy { $0 <= $1 }
        guard !isSorted, let low = times.min(), let high = times.max(), count <= Int(UInt32.max)
        else { return self }
        let span = UInt64(bitPattern: high &- low)
        var order = (0..<UInt32(count)).map { $0 }
        var next = order
        var shift: UInt64 = 0
        while shift < 64, span >> shift > 0 {
            var places = [Int](repeating: 0, count: 1 << 16)
            for time in times {
                places[Int(UInt64(bitPattern: time &- low) >> shift & 0xFFFF)] += 1
            }
            var sum = 0
            for digit in places.indices {
                let count = places[digit]
                places[digit] = sum
                sum += count
            }
            for row in order {
                let digit = Int(UInt64(bitPattern: times[Int(row)] &- low) >> shift & 0xFFFF)
                next[places[digit]] = row
                places[digit] += 1
            }
            swap(&order, &next)
            shift += 16
        }
        var sorted = EventBatch()
        sorted.series = series
        sorted.seriesIndex = order.map { seriesIndex[Int($0)] }
        sorted.times = order.map { times[Int($0)] }
        sorted.values = order.map { values[Int($0)] }
        return sorted
    }
}
