import Core
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Service
import Wire

/// The calls with which InfluxDB clients and Telegraf write: `/write`, `/api/v2/write`, `/ping`,
/// and of `/query` what clients ask before they write.
struct InfluxRoutes {
    let backend: Backend
    let bodies: EventBody

    static let writeV1 = "/write"
    static let writeV2 = "/api/v2/write"
    static let ping = "/ping"
    static let query = "/query"

    /// What clients take the server for.
    static let headers: [(HTTPField.Name, String)] = [
        ("X-Influxdb-Version", "1.8.10"), ("X-Influxdb-Build", "fleetscore"),
    ].compactMap { name, value in HTTPField.Name(name).map { ($0, value) } }

    func add(to router: Router<BasicRequestContext>) {
        router.post("/write") { request, _ in await write(request, .v1) }
        router.post("/api/v2/write") { request, _ in await write(request, .v2) }
        router.get("/ping") { _, _ in Self.done() }
        router.head("/ping") { _, _ in Self.done() }
        router.get("/query") { request, _ in await answer(request) }
        router.post("/query") { request, _ in await answer(request) }
    }

    private static func done() -> Response {
        var response = Response(status: .noContent)
        for (name, value) in headers { response.headers[name] = value }
        return response
    }

    private func write(_ request: Request, _ dialect: InfluxDialect) async -> Response {
        await speaking(dialect) {
            let options = try options(request, dialect)
            let key = try request.idempotencyKey()
            guard let format = EventFormat(rawValue: "line") else {
                throw FleetError(.unsupported, "line protocol cannot be read")
            }
            return try await bodies.read(request) { body in
                guard body.contains(where: { !Self.isBlank($0) }) else { return Self.done() }
                let outcome = try await backend.ingest.accept(
                    body,
                    format: format,
                    options: options,
                    idempotencyKey: key,
                    source: "http"
                )
                guard outcome.rejectedCount == 0 || outcome.isDuplicate else {
                    return dialect.answer(dialect.problem(outcome), status: .badRequest)
                }
                return Self.done()
            }
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    private func options(_ request: Request, _ dialect: InfluxDialect) throws -> DecodeOptions {
        var options = DecodeOptions()
        options.receivedAt = backend.clock.now
        options.timeUnit = .nanoseconds
        if let precision = request.query("precision"), !precision.isEmpty {
            let known = dialect.precisions.first { $0.name == precision }
            guard let known, let unit = EpochUnit(rawValue: known.unit) else {
                let names = dialect.precisions.map(\.name).joined(separator: ", ")
                throw FleetError(
                    .invalidArgument,
                    "invalid precision \"\(precision)\" (use \(names))"
                )
            }
            options.timeUnit = unit
        }
        if let text = request.query("columns") {
            options.columns = try ColumnRenames.parse(text)
        }
        if let device = request.query("device") { options.defaultDevice = device }
        return options
    }

    /// Runs a call and gives its errors the form that clients of the dialect read.
    private func speaking(
        _ dialect: InfluxDialect,
        _ call: () async throws -> Response
    ) async -> Response {
        do {
            return try await call()
        } catch let error as FleetError {
            let status = HTTPResponse.Status(code: error.code.httpStatus)
            // 422 is not among the answers that clients know.
            return dialect.answer(
                error,
                status: status.code == 422 ? .badRequest : status
            )
        } catch let error as HTTPError {
            return dialect.answer(
                FleetError(.invalidArgument, error.body ?? "\(error.status)", isRetriable: false),
                status: error.status
            )
        } catch is CancellationError {
            return dialect.answer(
                FleetError(.unavailable, "the server is stopping"),
                status: .serviceUnavailable
            )
        } catch {
            return dialect.answer(
                FleetError(.internal, "\(error)", isRetriable: false),
                status: .internalServerError
            )
        }
    }
}

extension InfluxRoutes {
    private struct Results: Encodable {
        struct Result: Encodable {
            let statement_id: Int
            var series: [Series]?
        }
        struct Series: Encodable {
            let name: String
            let columns: [String]
            let values: [[String]]
        }
        let results: [Result]
    }

    /// Answers what clients ask before they write; there are no databases to make.
    private func answer(_ request: Request) async -> Response {
        await speaking(.v1) {
            var text = request.query("q")
            if text == nil, request.method == .post {
                let form = String(decoding: try await request.body(upTo: 1 << 16), as: UTF8.self)
                text = URI("/?" + form).queryParameters["q"].map(String.init)
            }
            // Clients write a space as a plus, which forms mean and queries do not.
            let words = (text ?? "").uppercased().split { " +\n\t".contains($0) }
            switch words.first {
            case "CREATE": return try Self.results([.init(statement_id: 0)])
            case "SHOW" where words.dropFirst().first?.hasPrefix("DATABASES") == true:
                let series = Results.Series(
                    name: "databases",
                    columns: ["name"],
                    values: [["fleetscore"]]
                )
                return try Self.results([.init(statement_id: 0, series: [series])])
            default:
                throw FleetError(
                    .invalidArgument,
                    "this server answers no InfluxQL but CREATE and SHOW DATABASES",
                    hint: "read windows at /v1/windows"
                )
            }
        }
    }

    private static func results(_ results: [Results.Result]) throws -> Response {
        var response = try JSONAnswer.ok(Results(results: results))
        for (name, value) in headers { response.headers[name] = value }
        return response
    }
}
