import Foundation
import Sources
import TestKit
import Testing

/// A mosquitto process of a test's own, with a folder of its own.
///
/// - Concurrency: one task at a time.
final class Broker {
    struct Options {
        var anonymous = true
        /// Lines for the configuration.
        var lines: [String] = []
        /// Users and passwords.
        var users: [(String, String)] = []
        /// Also listens with TLS, with a certificate of an authority made here.
        var usesTLS = false
        /// Checks certificates of clients by its authority.
        var asksForCertificates = false
    }

    /// Where the program is, or `nil` when it is not installed.
    static let program = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/usr/bin/mosquitto"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    /// Whether broker tests run: a missing broker is passed over with a notice, never in CI.
    static let isThere =
        program != nil || ProcessInfo.processInfo.environment["CI"] == "true"

    static let notice: Comment = "needs the mosquitto broker (apt install mosquitto)"

    let port: Int
    let tlsPort: Int
    let folder: URL
    private let configuration: String
    private var process: ChildProcess?

    init(_ options: Options = Options()) async throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("fleetscore-mqtt-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        port = try Socket.freePort()
        tlsPort = try Socket.freePort()
        var lines = [
            "user root", "per_listener_settings false", "listener \(port) 127.0.0.1",
            "allow_anonymous \(options.anonymous)", "persistence true",
            "persistence_location \(folder.path)/", "autosave_interval 1",
            "max_inflight_messages 0", "max_queued_messages 0", "log_type error",
        ]
        if !options.users.isEmpty {
            let file = folder.appendingPathComponent("passwords").path
            try options.users.map { "\($0):\($1)\n" }.joined()
                .write(toFile: file, atomically: true, encoding: .utf8)
            try await Self.run("mosquitto_passwd", ["-U", file])
            lines.append("password_file \(file)")
        }
        if options.usesTLS {
            try await Self.makeCertificates(in: folder)
            lines += [
                "listener \(tlsPort) 127.0.0.1",
                "certfile \(folder.path)/server.pem", "keyfile \(folder.path)/server.key",
            ]
            if options.asksForCertificates { lines.append("cafile \(folder.path)/ca.pem") }
        }
        configuration = (lines + options.lines).joined(separator: "\n") + "\n"
        try configuration.write(
            to: folder.appendingPathComponent("broker.conf"),
            atomically: true,
            encoding: .utf8
        )
        try await start()
    }

    deinit {
        process = nil
        try? FileManager.default.removeItem(at: folder)
    }

    var url: String { "mqtt://127.0.0.1:\(port)" }

    /// Starts the process, again on the same ports and with what it has stored.
    func start() async throws {
        let program = try #require(Self.program, "mosquitto is not installed")
        let file = folder.appendingPathComponent("broker.conf").path
        let process = try ChildProcess(program, ["-c", file])
        self.process = process
        let port = port
        try await SourceContract.until("mosquitto listens") {
            (try? Socket(port: port)) != nil || !process.isRunning
        }
        try #require(process.isRunning, "mosquitto ended: \(configuration)")
    }

    /// Stops the process in good order: it stores what it has.
    func stop() async throws {
        guard let process else { return }
        process.terminate()
        _ = try await process.wait()
        self.process = nil
    }

    /// Runs a program to its end.
    static func run(_ program: String, _ arguments: [String]) async throws {
        let isGood = try await ChildProcess(program, arguments).wait()
        try #require(isGood, "\(program) \(arguments)")
    }

    /// An authority, a server's certificate for 127.0.0.1 and localhost, and another authority.
    private static func makeCertificates(in folder: URL) async throws {
        func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
        for (name, subject) in [("ca", "/CN=Test CA"), ("other", "/CN=Other CA")] {
            try await run(
                "openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "2", "-subj", subject,
                    "-keyout", path("\(name).key"), "-out", path("\(name).pem"),
                ]
            )
        }
        try await run(
            "openssl",
            [
                "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", "/CN=localhost", "-keyout", path("server.key"), "-out", path("server.csr"),
            ]
        )
        try "subjectAltName=DNS:localhost,IP:127.0.0.1\n"
            .write(toFile: path("names"), atomically: true, encoding: .utf8)
        try await run(
            "openssl",
            [
                "x509", "-req", "-in", path("server.csr"), "-CA", path("ca.pem"),
                "-CAkey", path("ca.key"), "-CAcreateserial", "-days", "2",
                "-extfile", path("names"), "-out", path("server.pem"),
            ]
        )
    }
}
