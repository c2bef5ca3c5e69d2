import Core
import Wire

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// An event as a test writes it down.
struct Event: Equatable, CustomStringConvertible {
    let key: String
    let time: Int64
    let value: Double

    init(_ key: String, _ time: Int64, _ value: Double) {
        self.key = key
        self.time = time
        self.value = value
    }

    var description: String { "\(key)@\(time)=\(value)" }
}

/// Decodes a text.
func decode(
    _ text: String,
    _ format: EventFormat,
    _ options: DecodeOptions = DecodeOptions(),
    limits: Limits = Limits(),
    path: DecodePath = .predicted,
    memory: SeriesMemory? = nil
) throws -> DecodedEvents {
    try decode(Array(text.utf8), format, options, limits: limits, path: path, memory: memory)
}

/// Decodes bytes.
func decode(
    _ bytes: [UInt8],
    _ format: EventFormat,
    _ options: DecodeOptions = DecodeOptions(),
    limits: Limits = Limits(),
    path: DecodePath = .predicted,
    memory: SeriesMemory? = nil
) throws -> DecodedEvents {
    // A copy that ends where the body does, so that checked builds see reads beyond it.
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { copy.deallocate() }
    copy.copyBytes(from: bytes)
    return try EventDecoder.decode(
        UnsafeRawBufferPointer(copy),
        format: format,
        options: options,
        limits: limits,
        path: path,
        memory: memory
    )
}

/// Everything about the events of a body, with values by their bits.
struct Everything: Equatable {
    let events: [String]
    let rejected: [RejectedEvent]
    let byReason: [String: Int]
    let ignoredFieldCount: Int

    init(_ events: DecodedEvents) {
        let batch = events.batch
        self.events = (0..<batch.count).map {
            let key = batch.series.keys[Int(batch.seriesIndex[$0])]
            return "\(key)@\(batch.times[$0])=\(batch.values[$0].bitPattern)"
        }
        rejected = events.rejected
        byReason = events.rejectedByReason
        ignoredFieldCount = events.ignoredFieldCount
    }
}

extension DecodedEvents {
    /// The accepted events, in order.
    var list: [Event] { batch.list }

    /// The codes of the rejected events, in order.
    var codes: [String] { rejected.map(\.reason.rawValue) }
}

extension EventBatch {
    /// The events as a test writes them down.
    var list: [Event] {
        (0..<count).map {
            Event(series.keys[Int(seriesIndex[$0])].description, times[$0], values[$0])
        }
    }
}

/// The moment that most rows of these tests are at.
let noon: Int64 = 1_535_497_205_000_000

/// A small seeded generator (SplitMix64), so that a failure can be repeated.
struct Random: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    mutating func pick<T>(_ list: [T]) -> T { list[Int(next() % UInt64(list.count))] }
}

/// The bytes of a file of the reference data, nil when it is not there.
func referenceData(_ name: String) -> [UInt8]? {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let shared = getenv("FLEETSCORE_SHARED").map { String(cString: $0) } ?? "/\(root)/../shared"
    guard let file = fopen("\(shared)/data/reference/\(name)", "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = fread(&chunk, 1, chunk.count, file)
        guard count > 0 else { return bytes }
        bytes += chunk[..<count]
    }
}
