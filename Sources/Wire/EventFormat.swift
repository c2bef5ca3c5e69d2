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

    /// Whether a `Content-Type` says nothing, as curl sends it when it is not told otherwise.
    public static func isUnsaid(contentType: String?) -> Bool {
        guard let contentType else { return true }
        let type = contentType.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
        return ["application/x-www-form-urlencoded", "application/octet-stream", "text/plain"]
            .contains(type)
    }

    /// The format that a body looks like: JSON by its first character, else CSV.
    ///
    /// Objects on lines of their own are NDJSON, so that a bad line spoils only itself.
    public init(lookingAt body: UnsafeRawBufferPointer) {
        let blank: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF]
        let text = body.drop { blank.contains($0) }
        switch text.first {
        case UInt8(ascii: "["): self = .json
        case UInt8(ascii: "{"):
            let line = text.prefix { $0 != 0x0A }
            let last = line.last { !blank.contains($0) }
            self = last == UInt8(ascii: "}") ? .ndjson : .json
        default: self = .csv
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
