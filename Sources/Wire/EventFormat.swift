/// How the events of a body are written.
public enum EventFormat: String, Sendable, Codable, CaseIterable {
    case csv, ndjson, json

    /// The format of a `Content-Type` header; nil when it names none of them.
    public init?(contentType: String) {
        let type = contentType.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
        switch type {
        case "text/csv", "application/csv", "text/tab-separated-values": self = .csv
        case "application/x-ndjson", "application/ndjson", "application/jsonl",
            "application/x-jsonlines", "application/jsonlines":
            self = .ndjson
        case "application/json", "text/json": self = .json
        default: return nil
        }
    }

    /// The format that a file name ends in; nil when it is none of them.
    public init?(fileName: String) {
        guard let dot = fileName.lastIndex(of: ".") else { return nil }
        switch fileName[fileName.index(after: dot)...].lowercased() {
        case "csv", "tsv": self = .csv
        case "ndjson", "jsonl": self = .ndjson
        case "json": self = .json
        default: return nil
        }
    }
}
