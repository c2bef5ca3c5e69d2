import Core

/// The name a sender gave a batch, compared bytewise.
struct IdempotencyKey: Hashable, Sendable {
    let bytes: [UInt8]

    /// - Throws: ``FleetError`` `.invalidArgument` when the text is empty or above 256 bytes.
    init(_ text: String) throws {
        bytes = Array(text.utf8)
        guard (1...256).contains(bytes.count) else {
            throw FleetError(
                .invalidArgument,
                "an idempotency key of \(bytes.count) bytes is not allowed",
                hint: "use 1 to 256 bytes"
            )
        }
    }

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }
}

/// The newest idempotency keys with the count each was answered with.
struct KeyMemory: Sendable {
    private let countMax: Int
    private var counts: [IdempotencyKey: Int] = [:]
    /// The keys in order of arrival, as a ring once it is full.
    private var ring: [IdempotencyKey] = []
    private var oldest = 0

    init(countMax: Int) {
        self.countMax = max(1, countMax)
    }

    subscript(key: IdempotencyKey) -> Int? { counts[key] }

    /// Remembers a key, forgetting the oldest when full; a known key keeps its first count.
    mutating func remember(_ key: IdempotencyKey, _ count: Int) {
        guard counts[key] == nil else { return }
        counts[key] = count
        if ring.count < countMax {
            ring.append(key)
            return
        }
        counts[ring[oldest]] = nil
        ring[oldest] = key
        oldest = (oldest + 1) % countMax
    }
}
