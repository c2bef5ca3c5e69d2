import Core
import MQTTSource
import Wire

/// Decompresses what may be a compressed body, and decodes what may be messages and packets.
enum BodyTarget {
    private static let byteCountMax = 1 << 20

    /// The first byte chooses the encoding.
    static func run(_ bytes: UnsafeRawBufferPointer) {
        guard let choice = bytes.first else { return }
        let body = Array(bytes.dropFirst())
        let rows: [[BodyEncoding]] = [[.gzip], [.deflate], [.zstd], [.zstd, .gzip]]
        do {
            let restored = try BodyDecompressor.decompress(
                body,
                encodings: rows[Int(choice) % rows.count],
                byteCountMax: byteCountMax
            )
            require(restored.count <= byteCountMax, "\(restored.count) bytes came out")
        } catch let error as FleetError {
            require(
                error.code == .invalidArgument || error.code == .resourceExhausted,
                "a body is refused as \(error.code)"
            )
        } catch {
            fail("a body is refused with \(error)")
        }
    }

    /// Messages are separated by zeros; the decoder is used for all of them.
    static func payloads(_ bytes: UnsafeRawBufferPointer) {
        let messages = bytes.split(separator: 0, omittingEmptySubsequences: false)
        var texts: [[RejectedEvent]] = []
        var values: [[UInt64]] = []
        for path in [DecodePath.predicted, .plain] {
            guard let decoder = try? MessageDecoder(options: DecodeOptions(), path: path) else {
                fail("ordinary options are refused")
            }
            for (index, message) in messages.enumerated() {
                let before = decoder.eventCount
                decoder.decode(
                    UnsafeRawBufferPointer(rebasing: message),
                    device: ["d", "e", nil, "a/b"][index % 4],
                    sensor: index % 3 == 0 ? nil : "s",
                    receivedAt: Timestamp(seconds: 5)
                )
                require(decoder.eventCount >= before, "a message takes events away")
            }
            let events = decoder.finish()
            EventsTarget.verify(events)
            require(
                events.rejected.allSatisfy { ($0.messageIndex ?? -1) < messages.count },
                "a rejected event is of no message"
            )
            texts.append(events.rejected)
            values.append(events.batch.values.map(\.bitPattern))
        }
        require(texts[0] == texts[1] && values[0] == values[1], "the two ways differ")
    }

    static func mqtt(_ bytes: UnsafeRawBufferPointer) {
        if let problem = MQTTTarget.run(bytes) { fail(problem) }
    }
}
