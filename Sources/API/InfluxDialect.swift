import Core
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Service
import Wire

/// Which of InfluxDB's write calls a client makes; each has its own parameters and error bodies.
enum InfluxDialect: Sendable {
    case v1, v2

    /// The dialect of a path; nil where none is spoken.
    init?(path: String) {
        switch path {
        case InfluxRoutes.writeV1, InfluxRoutes.query: self = .v1
        case InfluxRoutes.writeV2: self = .v2
        default: return nil
        }
    }

    /// What the unit of times may be called, and which one it is.
    var precisions: [(name: String, unit: String)] {
        switch self {
        case .v1:
            [
                ("ns", "ns"), ("n", "ns"), ("us", "us"), ("u", "us"), ("µ", "us"), ("ms", "ms"),
                ("s", "s"), ("m", "m"), ("h", "h"),
            ]
        case .v2: [("ns", "ns"), ("us", "us"), ("ms", "ms"), ("s", "s")]
        }
    }

    /// An error as the clients of this dialect read it.
    func answer(_ error: FleetError, status: HTTPResponse.Status) -> Response {
        let text = error.hint.map { "\(error.message); \($0)" } ?? error.message
        var response: Response
        do {
            response =
                switch self {
                case .v1: try JSONAnswer.ok(["error": text], status: status)
                case .v2:
                    try JSONAnswer.ok(
                        ["code": Self.code(status), "message": text],
                        status: status
                    )
                }
        } catch {
            response = Response(status: .internalServerError)
        }
        if error.isRetriable { response.headers[.retryAfter] = "1" }
        for (name, value) in InfluxRoutes.headers { response.headers[name] = value }
        return response
    }

    private static func code(_ status: HTTPResponse.Status) -> String {
        switch status.code {
        case 401: "unauthorized"
        case 404: "not found"
        case 429: "too many requests"
        case 503: "unavailable"
        case 500...: "internal error"
        default: "invalid"
        }
    }

    /// What is said of a body of which something was rejected.
    func problem(_ outcome: Ingest.Outcome) -> FleetError {
        let dropped = outcome.rejectedCount
        var text = outcome.accepted > 0 ? "partial write: " : ""
        if let first = outcome.rejected.first {
            text += "unable to parse line \(first.line) '\(first.sample)': \(first.message)"
        } else {
            let reasons = outcome.rejectedByReason.sorted { $0.key < $1.key }
            text += reasons.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
        }
        return FleetError(.invalidArgument, text + " dropped=\(dropped)", isRetriable: false)
    }
}
