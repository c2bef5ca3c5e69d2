import Core
import FoundationEssentials

/// A prediction row, comparable bit by bit.
struct PlainRow: Equatable, CustomStringConvertible {
    let key: SeriesKey
    let end: Int64
    let status: ItemStatus
    let scoreBits: UInt64
    let anomaly: Int8
    let features: [UInt64]
    let digest: String?

    var description: String { "\(key)@\(end) \(status.rawValue) \(anomaly)" }
}

extension PredictionBatch {
    var plainRows: [PlainRow] {
        (0..<count).map { row in
            let key = Int(keyIndex[row])
            let score = scores[row]
            return PlainRow(
                key: keys[key],
                end: ends[row],
                status: statuses[row],
                scoreBits: score.isNaN ? Double.nan.bitPattern : score.bitPattern,
                anomaly: anomalies[row],
                features: features[(row * featureCount)..<((row + 1) * featureCount)]
                    .map(\.bitPattern),
                digest: modelDigests[key]
            )
        }
    }
}

/// What `latest.json` holds.
struct Pointer: Codable, Equatable {
    let run: String
    let attempt: Int
    let manifest: String
}

/// A stored JSON object as a value.
func decoded<Value: Decodable>(_ bytes: [UInt8]) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(bytes))
}
