import Client
import Core
import HTTPTypes
import Hummingbird
import Logging
import Service
import Store
import Wire

/// What a request that posts events says of its body: how it is written and in whose dialect.
///
/// The API's own `POST /v1/events`, and the two calls with which InfluxDB clients write.
struct EventPost: Sendable {
    /// Nil when the request leaves it to the look of the body.
    private let format: EventFormat?
    private let options: DecodeOptions
    /// The dialect of InfluxDB's calls; nil for the API's own.
    private let dialect: InfluxDialect?

    static let path = "/v1/events"
    /// Where events are posted.
    static let paths: Set = [path, InfluxRoutes.writeV1, InfluxRoutes.writeV2]

    /// Reads the path, the parameters and the content type.
    ///
    /// - Throws: ``FleetError`` for what the server does not know.
    init(_ request: Request) throws {
        dialect = InfluxDialect(path: request.uri.path)
        format =
            dialect == nil
            ? try Self.format(request.headers[.contentType]) : EventFormat(rawValue: "line")
        options = try Self.options(request, dialect)
    }

    private static func format(_ type: String?) throws -> EventFormat? {
        let said = type.flatMap { EventFormat(contentType: $0) }
        guard said != nil || EventFormat.isUnsaid(contentType: type) else {
            throw FleetError(
                .unsupported,
                "cannot read events of type \"\(type ?? "")\"",
                hint: "send application/json, application/x-ndjson, text/csv or "
                    + "application/vnd.influx.line-protocol"
            )
        }
        return said
    }

    private static func options(
        _ request: Request,
        _ dialect: InfluxDialect?
    ) throws -> DecodeOptions {
        var options = DecodeOptions()
        options.needsDevice = true
        if let text = request.query("columns") {
            options.columns = try ColumnRenames.parse(text)
        }
        if let device = request.query("device") { options.defaultDevice = device }
        if let dialect {
            options.timeUnit = try dialect.timeUnit(request.query("precision"))
            return options
        }
        if let unit = request.query("time_unit") {
            guard let known = EpochUnit(rawValue: unit),
                ![.minutes, .hours].contains(known)
            else {
                throw FleetError(
                    .invalidArgument,
                    "there is no time unit \"\(unit)\"",
                    hint: "use s, ms, us or ns"
                )
            }
            options.timeUnit = known
        }
        if let zone = request.query("time_zone") {
            options.timeZone = try TimeZoneRules.load(zone)
        }
        return options
    }

    /// Has the events of a body accepted, and says what became of them.
    func answer(
        _ body: some EventBytes,
        idempotencyKey: String?,
        _ ingest: Ingest
    ) async throws -> WholeAnswer {
        var options = options
        if dialect != nil {
            let isBlank = body.withUnsafeBytes { $0.allSatisfy(Self.isBlank) }
            guard !isBlank else { return InfluxRoutes.done }
            options.receivedAt = ingest.clock.now
        }
        let outcome = try await ingest.accept(
            body,
            format: format ?? body.withUnsafeBytes { EventFormat(lookingAt: $0) },
            options: options,
            idempotencyKey: idempotencyKey,
            source: "http"
        )
        guard let dialect else { return try Self.answer(outcome) }
        guard outcome.rejectedCount == 0 || outcome.isDuplicate else {
            return dialect.answer(dialect.problem(outcome), status: .badRequest)
        }
        return InfluxRoutes.done
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    private static func answer(_ outcome: Ingest.Outcome) throws -> WholeAnswer {
        guard outcome.rejectedCount == 0, outcome.ignoredFieldCount == 0 else {
            return try WholeAnswer(json: EventsAnswer(outcome))
        }
        return WholeAnswer(
            text(accepted: outcome.accepted, isDuplicate: outcome.isDuplicate),
            type: "application/json"
        )
    }

    /// The answer to a body without rejects, which an encoder takes longer for than for the rest
    /// of the answering.
    static func text(accepted: Int, isDuplicate: Bool) -> [UInt8] {
        let text =
            #"{"accepted":\#(accepted),"duplicate":\#(isDuplicate),"#
            + #""rejected":0,"rejectedEvents":[]}"#
        return Array(text.utf8)
    }

    /// An error in the words that the caller reads.
    func answer(to error: any Error, of request: HTTPRequest, _ logger: Logger) -> WholeAnswer {
        dialect?.answer(any: error) ?? ErrorAnswers.answer(error, to: request, logger)
    }
}

extension EventsAnswer {
    fileprivate init(_ outcome: Ingest.Outcome) {
        self.init(
            accepted: outcome.accepted,
            duplicate: outcome.isDuplicate,
            rejected: outcome.rejectedCount,
            rejectedByReason: outcome.rejectedByReason,
            rejectedEvents: outcome.rejected.map {
                .init(
                    index: $0.index,
                    line: $0.line,
                    reason: $0.reason.rawValue,
                    message: $0.message
                )
            },
            ignoredFields: outcome.ignoredFieldCount
        )
    }
}
