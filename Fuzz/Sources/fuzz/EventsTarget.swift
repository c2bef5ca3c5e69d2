import Core
import FoundationEssentials
import Wire

/// Decodes what may be a body of events, both ways.
enum EventsTarget {
    static func json(_ bytes: UnsafeRawBufferPointer) {
        check(bytes, .json)
        againstFoundation(bytes)
    }

    static func ndjson(_ bytes: UnsafeRawBufferPointer) { check(bytes, .ndjson) }

    static func csv(_ bytes: UnsafeRawBufferPointer) { check(bytes, .csv) }

    static func line(_ bytes: UnsafeRawBufferPointer) { check(bytes, .line) }

    /// Options that give nothing, and that give all.
    private static let options: [DecodeOptions] = {
        var given = DecodeOptions()
        given.givenDevice = "given"
        given.defaultSensor = "default"
        given.receivedAt = Timestamp(microseconds: 7)
        given.latestTime = Timestamp(seconds: 1_800_000_000)
        return [DecodeOptions(), given]
    }()

    /// The predicted way gives what the plain one gives, for the body and for many of it.
    private static func check(_ bytes: UnsafeRawBufferPointer, _ format: EventFormat) {
        _ = EventFormat(lookingAt: bytes)
        var repeated: [UInt8] = []
        if bytes.count < 2_000 {
            for _ in 0..<4 { repeated += Array(bytes) + [0x0A] }
        }
        for options in options {
            compare(bytes, format, options)
            repeated.withUnsafeBytes { compare($0, format, options) }
        }
    }

    private static func compare(
        _ bytes: UnsafeRawBufferPointer,
        _ format: EventFormat,
        _ options: DecodeOptions
    ) {
        let predicted = outcome(bytes, format, options, .predicted)
        let plain = outcome(bytes, format, options, .plain)
        require(predicted.error == plain.error, "only one way fails: \(predicted), \(plain)")
        guard let left = predicted.events, let right = plain.events else { return }
        verify(left)
        require(same(left.batch, right.batch), "the events differ")
        require(left.rejected == right.rejected, "the rejected events differ")
        require(left.rejectedByReason == right.rejectedByReason, "the reasons differ")
        require(left.ignoredFieldCount == right.ignoredFieldCount, "the ignored fields differ")
    }

    private static func outcome(
        _ bytes: UnsafeRawBufferPointer,
        _ format: EventFormat,
        _ options: DecodeOptions,
        _ path: DecodePath
    ) -> (events: DecodedEvents?, error: String?) {
        do {
            let events = try EventDecoder.decode(
                bytes,
                format: format,
                options: options,
                path: path
            )
            return (events, nil)
        } catch {
            return (nil, "\(error)")
        }
    }

    private static func same(_ left: EventBatch, _ right: EventBatch) -> Bool {
        left.times == right.times && left.seriesIndex == right.seriesIndex
            && left.values.map(\.bitPattern) == right.values.map(\.bitPattern)
            && left.series.keys.elementsEqual(right.series.keys)
    }

    /// What holds for the events of any body.
    static func verify(_ events: DecodedEvents) {
        let batch = events.batch
        require(events.eventCount == batch.count + events.rejectedCount, "events are lost")
        require(
            batch.times.count == batch.count && batch.seriesIndex.count == batch.count,
            "the columns are of different lengths"
        )
        require(batch.values.allSatisfy(\.isFinite), "a value is not finite")
        require(batch.times.allSatisfy { $0 >= 0 && $0 <= .max / 1000 }, "a time is out of range")
        require(batch.seriesIndex.allSatisfy { $0 < batch.series.count }, "an id is no series")
        require(
            batch.series.keys.allSatisfy {
                (try? SeriesKey(device: $0.device, sensor: $0.sensor)) != nil
            },
            "a name is not allowed"
        )
        require(
            events.rejectedByReason.values.reduce(0, +) == events.rejectedCount,
            "the reasons do not add up"
        )
        for rejected in events.rejected {
            require(rejected.text.utf8.count <= RejectedEvent.textByteCountMax, "a text is long")
            require(
                rejected.sample.utf8.count <= RejectedEvent.sampleByteCountMax,
                "a sample is long"
            )
            require(!rejected.message.contains("\n"), "a message has two lines")
        }
    }

    /// One object that is taken is one that Foundation reads, with the same value.
    private static func againstFoundation(_ bytes: UnsafeRawBufferPointer) {
        let data = Data(bytes)
        guard bytes.first == 0x7B, String(validating: bytes, as: UTF8.self) != nil,
            let events = outcome(bytes, .json, DecodeOptions(), .plain).events,
            events.batch.count == 1, events.rejectedCount == 0,
            // What Foundation has no words for.
            !data.contains(0x4E), !data.contains(0x49)
        else { return }
        let object: Reading
        do {
            object = try JSONDecoder().decode(Reading.self, from: data)
        } catch {
            // Several objects, and numbers too large for it, are no business of the oracle.
            return
        }
        guard object.names == ["device", "sensor", "time", "value"], let value = object.value else {
            return
        }
        require(value == events.batch.values[0], "\(events.batch.values[0]) is \(value)")
    }

    private struct Reading: Decodable {
        let names: [String]
        let value: Double?

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: Name.self)
            names = fields.allKeys.map(\.stringValue).sorted()
            value = try fields.decodeIfPresent(Double.self, forKey: Name(stringValue: "value"))
        }
    }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
