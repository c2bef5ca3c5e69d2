import ArgumentParser
import Client
import Core
import FoundationEssentials

/// Which server a command talks to, and how it answers.
struct ServerOptions: ParsableArguments {
    @Option(help: "Server address; else FLEETSCORE_SERVER, else http://127.0.0.1:8380.")
    var server: String?

    @Option(help: "File with the server's bearer token; else FLEETSCORE_TOKEN_FILE.")
    var tokenFile: String?

    @Flag(help: "Answer as JSON.")
    var json = false

    /// A client of that server, whose calls may take so long.
    func client(timeout: Duration = .seconds(60)) throws -> FleetscoreClient {
        let environment = ProcessInfo.processInfo.environment
        let address = server ?? environment["FLEETSCORE_SERVER"] ?? "http://127.0.0.1:8380"
        let token = try (tokenFile ?? environment["FLEETSCORE_TOKEN_FILE"]).map {
            try TokenFile.read($0)
        }
        return try FleetscoreClient(
            server: address.contains("://") ? address : "http://" + address,
            token: token,
            timeout: timeout
        )
    }

    /// Prints JSON when asked to, else what the closure makes of it.
    func show<Value: Encodable>(_ value: Value, _ people: (Value) -> Void) throws {
        if json { try Terminal.sayJSON(value) } else { people(value) }
    }
}

extension Timestamp {
    /// A moment that an option names, in RFC 3339.
    ///
    /// - Throws: `ValidationError`, which is shown with the usage of the option's own command.
    @Sendable static func argument(_ text: String) throws -> Timestamp {
        guard let time = Timestamp(rfc3339: text) else {
            throw ValidationError("write RFC 3339, such as 2026-01-01T00:00:00Z")
        }
        return time
    }
}
