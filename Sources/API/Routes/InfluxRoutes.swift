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

    /// The answer to what was taken, and to a ping.
    static let done: WholeAnswer = {
        var answer = WholeAnswer(status: .noContent)
        for (name, value) in headers { answer.headers[name] = value }
        return answer
    }()

    func add(to router: Router<BasicRequestContext>) {
        router.post("/write") { request, _ in await write(request, .v1) }
        router.post("/api/v2/write") { request, _ in await write(request, .v2) }
        router.get("/ping") { _, _ in Self.done.response }
        router.head("/ping") { _, _ in Self.done.response }
        router.get("/query") { request, _ in await answer(request) }
        router.post("/query") { request, _ in await answer(request) }
    }

    private func write(_ request: Request, _ dialect: InfluxDialect) async -> Response {
        await speaking(dialect) {
            let post = try EventPost(request)
            let key = try request.idempotencyKey()
            return try await bodies.read(request) { body in
                try await post.answer(body, idempotencyKey: key, backend.ingest)
            }
        }
    }

    /// Runs a call and gives its errors the form that clients of the dialect read.
    private func speaking(
        _ dialect: InfluxDialect,
        _ call: () async throws -> WholeAnswer
    ) async -> Response {
        do {
            return try await call().response
        } catch {
            return dialect.answer(any: error).response
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

    private static func results(_ results: [Results.Result]) throws -> WholeAnswer {
        var answer = try WholeAnswer(json: Results(results: results))
        for (name, value) in headers { answer.headers[name] = value }
        return answer
    }
}
