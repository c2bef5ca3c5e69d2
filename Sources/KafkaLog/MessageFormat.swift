import Core
import EventLog

/// The layout of the log's own messages, version 1; all numbers are little-endian.
///
/// | Bytes | What |
/// |---|---|
/// | 0–3 | magic `FSK1` |
/// | 4 | kind: events 1, idle 2, complete 3 |
/// | 5 | widths: bits 0–1 log2 of the bytes of a series index; bit 2: times of 8 bytes |
/// | 6–7 | zero |
/// | 8–15 | xxHash64 of everything from byte 16 on, seeded with bytes 0–7 |
/// | 16– | idle: until (8) |
/// | 16–39 | events: count (4), series (4), bytes of names (4), zero (4), base time (8) |
/// | 40– | names: lengths of device and sensor (2 + 2), device, sensor; then the three columns |
///
/// Times are microseconds since the base time, in 4 bytes when all fit. A message is at most
/// ``byteCountMax`` long, so that it passes brokers with the default limit of 1 MB.
enum MessageFormat {
    /// The header that marks a message as the log's own; its value is the version.
    static let versionHeader = "fleetscore-format"
    static let version: UInt8 = 0x31  // "1"
    /// The header with the idempotency key of the batch.
    static let keyHeader = "fleetscore-batch"
    /// The header with the number of the message among those of its batch and partition.
    static let partHeader = "fleetscore-part"

    static let magic: UInt32 = 0x314B_5346  // "FSK1"
    static let prefixByteCount = 16
    static let eventsHeaderByteCount = 40
    static let byteCountMax = 900_000

    enum Kind {
        static let events: UInt8 = 1
        static let idle: UInt8 = 2
        static let complete: UInt8 = 3
    }

    static let wideTimes: UInt8 = 4

    /// The checksum of a message, which covers all bytes but its own.
    static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        let seed = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        return XXHash64.hash(
            UnsafeRawBufferPointer(rebasing: bytes[prefixByteCount...]),
            seed: seed
        )
    }

    /// Writes the first 16 bytes of a message whose rest is written.
    static func seal(_ bytes: UnsafeMutableRawBufferPointer, kind: UInt8, widths: UInt8) {
        bytes.storeBytes(of: magic.littleEndian, as: UInt32.self)
        bytes[4] = kind
        bytes[5] = widths
        bytes[6] = 0
        bytes[7] = 0
        let sum = checksum(UnsafeRawBufferPointer(bytes))
        bytes.storeBytes(of: sum.littleEndian, toByteOffset: 8, as: UInt64.self)
    }

    /// The message of a control record.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when the record holds events.
    static func encode(control: LogRecord, partition: Int) throws -> [UInt8] {
        switch control {
        case .events, .numbered:
            throw FleetError(
                .invalidArgument,
                "cannot append events to partition \(partition) as a control",
                hint: "use append(_:idempotencyKey:)"
            )
        case .idle(let until):
            var bytes = [UInt8](repeating: 0, count: prefixByteCount + 8)
            bytes.withUnsafeMutableBytes {
                $0.storeBytes(
                    of: until.microseconds.littleEndian,
                    toByteOffset: prefixByteCount,
                    as: Int64.self
                )
                seal($0, kind: Kind.idle, widths: 0)
            }
            return bytes
        case .complete:
            var bytes = [UInt8](repeating: 0, count: prefixByteCount)
            bytes.withUnsafeMutableBytes { seal($0, kind: Kind.complete, widths: 0) }
            return bytes
        }
    }
}
