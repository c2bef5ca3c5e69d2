import Core
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

    /// The unit of times that a client names; nanoseconds when it names none.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` for a name that the dialect does not have.
    func timeUnit(_ precision: String?) throws -> EpochUnit {
        guard let precision, !precision.isEmpty else { return .nanoseconds }
        let known = precisions.first { $0.name == precision }
        guard let known, let unit = EpochUnit(rawValue: known.unit) else {
            let names = precisions.map(\.name).joined(separator: ", ")
            throw FleetError(
                .invalidArgument,
                "invalid precision \"\(precision)\" (use \(names))"
            )
        }
        return unit
    }

    /// An error as the clients of this dialect read it.
    func answer(_ error: FleetError, status: HTTPResponse.Status) -> WholeAnswer {
        let text = error.hint.map { "\(error.message); \($0)" } ?? error.message
        var answer: WholeAnswer
        do {
            answer =
                switch self {
                case .v1: try WholeAnswer(json: ["error": text], status: status)
                case .v2:
                    try WholeAnswer(
                        json: ["code": Self.code(status), "message": text],
                        status: status
                    )
                }
        } catch {
            answer = WholeAnswer(status: .internalServerError)
        }
        if error.isRetriable { answer.headers[.retryAfter] = "1" }
        for (name, value) in InfluxRoutes.headers { answer.headers[name] = value }
        return answer
    }

    /// Any error of a call, with the status that clients of the dialect know.
    func answer(any error: any Error) -> WholeAnswer {
        switch error {
        case let error as FleetError:
            return answer(error, status: known(WholeAnswer.status(of: error)))
        case let error as HTTPError:
            let text = error.body ?? "\(error.status)"
            let isTimeout = error.status == .requestTimeout
            return answer(
                FleetError(isTimeout ? .timeout : .invalidArgument, text, isRetriable: isTimeout),
                status: known(error.status)
            )
        case is CancellationError:
            return answer(
                FleetError(.unavailable, "the server is stopping"),
                status: .serviceUnavailable
            )
        default:
            return answer(
                FleetError(.internal, "\(error)", isRetriable: false),
                status: .internalServerError
            )
        }
    }

    /// The status that clients of the dialect know how to take.
    ///
    /// Telegraf drops what it is told 4xx of, but for the 429 and 413 of the second version.
    private func known(_ status: HTTPResponse.Status) -> HTTPResponse.Status {
        switch (self, status.code) {
        case (_, 422): .badRequest
        case (_, 408), (.v1, 429): .serviceUnavailable
        default: status
        }
    }

    private static func code(_ status: HTTPResponse.Status) -> String {
        switch status.code {
        case 401: "unauthorized"
        case 404: "not found"
        case 413: "request too large"
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
            if let line = first.line, let sample = first.sample {
                text += "unable to parse line \(line) '\(sample)': "
            }
            text += first.message
        } else {
            let reasons = outcome.rejectedByReason.sorted { $0.key < $1.key }
            text += reasons.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
        }
        return FleetError(.invalidArgument, text + " dropped=\(dropped)", isRetriable: false)
    }
}
