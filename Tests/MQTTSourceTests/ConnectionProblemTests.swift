import Core
import Foundation
import Sources
import TestKit
import Testing

@testable import MQTTSource

@Suite("A connection that fails says in plain words why", .timeLimit(.minutes(2)))
struct ConnectionProblemTests {
    /// What every message leaves out: names of types, source files and error numbers.
    private static let internals = ["NIO", ".cc", ".swift", "OPENSSL", "Error(", "errno", "cause:"]

    /// The last error of a source that cannot connect.
    private static func problem(
        port: Int,
        _ change: (inout MQTTSettings) -> Void
    ) async throws -> String {
        var settings = MQTTSettings(
            url: "mqtt://127.0.0.1:\(port)",
            clientID: "me",
            topics: ["plant/{device}/{sensor}"]
        )
        settings.reconnect = Backoff(first: .milliseconds(20), longest: .milliseconds(200))
        settings.refusedDelay = .milliseconds(100)
        change(&settings)
        let source = try BrokerRig(port: port, settings: settings).source(RecordingSink())
        let run = Task { try await source.run() }
        try await SourceContract.until("an error") { source.status.lastError != nil }
        run.cancel()
        _ = await run.result
        let error = source.status.lastError ?? ""
        for word in internals { #expect(!error.contains(word), "\(error)") }
        #expect(!error.contains("\n"))
        return error
    }

    @Test("Nobody listens")
    func refused() async throws {
        let port = try Socket.freePort()
        let error = try await Self.problem(port: port) { _ in }
        #expect(
            error == "cannot talk to the broker: connection refused; "
                + "is a broker listening at 127.0.0.1:\(port)?"
        )
    }

    @Test("A host that nobody knows")
    func unknownHost() async throws {
        let error = try await Self.problem(port: 1883) { $0.url = "mqtt://no-such-host.invalid" }
        #expect(error.contains("the name no-such-host.invalid is not known"), "\(error)")
    }

    @Test("A missing file of TLS is named", arguments: ["ca_file", "cert_file"])
    func missingFile(_ name: String) async throws {
        let error = try await Self.problem(port: 1883) {
            $0.url = "mqtts://127.0.0.1:1883"
            if name == "ca_file" {
                $0.caFile = "missing.pem"
            } else {
                ($0.certificateFile, $0.keyFile) = ("missing.pem", "missing.key")
            }
        }
        #expect(error.hasPrefix("cannot read \(name) \"missing.pem\""), "\(error)")
    }

    @Test("A file that holds no certificate is named")
    func noCertificate() async throws {
        let file = FileManager.default.temporaryDirectory
            .appendingPathComponent("nothing-\(UUID().uuidString).pem")
        try Data("nothing\n".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let error = try await Self.problem(port: 1883) {
            $0.url = "mqtts://127.0.0.1:1883"
            $0.caFile = file.path
        }
        #expect(error.hasPrefix("cannot use ca_file \"\(file.path)\""), "\(error)")
    }

    @Suite("at mosquitto", .enabled(if: Broker.isThere, Broker.notice))
    struct AtMosquitto {
        @Test("The certificate is of another authority")
        func untrusted() async throws {
            let broker = try await Broker(Broker.Options(usesTLS: true))
            let error = try await problem(port: broker.port) {
                $0.url = "mqtts://localhost:\(broker.tlsPort)"
                $0.caFile = broker.folder.appendingPathComponent("other.pem").path
            }
            #expect(error.hasPrefix("the broker's certificate is not trusted; set ca_file"))
        }

        @Test("The broker wants a certificate", arguments: ["tlsv1.2", "tlsv1.3"])
        func missingCertificate(_ version: String) async throws {
            var options = Broker.Options(usesTLS: true)
            options.lines = ["require_certificate true", "tls_version \(version)"]
            options.asksForCertificates = true
            let broker = try await Broker(options)
            let error = try await problem(port: broker.port) {
                $0.url = "mqtts://localhost:\(broker.tlsPort)"
                $0.caFile = broker.folder.appendingPathComponent("ca.pem").path
            }
            #expect(error.contains("wants a certificate of its clients"), "\(error)")
            #expect(error.contains("set cert_file and key_file"), "\(error)")
        }

        @Test("TLS at a port without it, and none at a port with it")
        func wrongScheme() async throws {
            let broker = try await Broker(Broker.Options(usesTLS: true))
            let plain = try await problem(port: broker.port) {
                $0.url = "mqtt://127.0.0.1:\(broker.tlsPort)"
            }
            #expect(plain.contains("use mqtts:// in the url"), "\(plain)")
            let secure = try await problem(port: broker.port) {
                $0.url = "mqtts://127.0.0.1:\(broker.port)"
            }
            #expect(secure.contains("TLS"), "\(secure)")
        }
    }

    @Test("The alert of a port of TLS is known from what a broker says")
    func alert() throws {
        let harness = try SessionHarness()
        harness.perform(harness.session.open(password: nil))
        harness.receive([0x15, 3, 1, 0, 2, 2, 70])
        let failure = try #require(harness.failures.first)
        #expect(failure.description.hasSuffix("use mqtts:// in the url"))
        #expect(!failure.isTransient)
    }
}
