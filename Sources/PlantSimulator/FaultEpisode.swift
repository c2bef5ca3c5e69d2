package import Core

/// How an injected fault looks.
package enum FaultKind: String, Sendable, CaseIterable, Codable {
    /// Most readings jump far out for the whole episode.
    case spikes
    /// The readings leave their range ever farther.
    case drift
    /// The reading is one odd value.
    case stuck
    /// The readings are shifted.
    case offset
    /// The readings scatter widely around a shifted level.
    case noise
}

/// An injected fault of one series: the truth that detection is measured against.
package struct FaultEpisode: Sendable, Equatable {
    package let key: SeriesKey
    package let start: Timestamp
    package let end: Timestamp
    package let kind: FaultKind
    /// The series' index in ``Plant/keys``.
    let series: Int
    /// 1 or -1: which way the readings go.
    let sign: Double
    let seed: UInt64

    /// Whether a time is inside.
    package func contains(_ time: Timestamp) -> Bool { start <= time && time < end }

    /// The faulty signal in place of a normal one; normal signals stay within about ±3.
    func distorted(_ normal: Double, microseconds: Int64) -> Double {
        let hash = SignalNoise.hash(seed, UInt64(bitPattern: microseconds))
        switch kind {
        case .spikes:
            guard hash % 100 < 85 else { return normal }
            return sign * (8 + 4 * SignalNoise.unit(hash))
        case .drift:
            let length = Double((end - start).microseconds)
            let progress = Double(microseconds - start.microseconds) / length
            return normal + sign * 12 * progress
        case .stuck:
            return sign * 7.5
        case .offset:
            return normal + sign * 9.5
        case .noise:
            return sign * 7.5 + 1.5 * SignalNoise.normal(hash)
        }
    }
}
