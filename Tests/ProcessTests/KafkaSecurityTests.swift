import FoundationEssentials
import Testing

/// The interpreter of the front; without it these tests are skipped, which CI forbids.
private let python = ProcessInfo.processInfo.environment["FLEETSCORE_PYTHON"]

extension ProcessTests {
    /// The broker in memory behind a front that wants TLS and SASL PLAIN.
    @Suite(
        "A topic behind TLS and a password, as Azure Event Hubs has it",
        .enabled(if: Binary.isThere && Binary.has("sqlite3"), "needs fleetscore and sqlite3"),
        .enabled(if: KafkaBroker.isThere, "needs KafkaPeer beside fleetscore"),
        .enabled(if: python != nil, "set FLEETSCORE_PYTHON to a python")
    )
    struct KafkaSecurityTests {
        private static let username = "$ConnectionString"
        private static let password = "Endpoint=sb://plant.example/;SharedAccessKey=c2VjcmV0"

        /// Starts the front; answers its process and where it listens.
        private static func startFront(
            of broker: KafkaBroker,
            in folder: TemporaryFolder
        ) async throws -> (child: ChildProcess, address: String) {
            _ = try await Binary.output(
                of: "openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "2", "-subj", "/CN=front",
                    "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", "key.pem", "-out", "certificate.pem",
                ],
                in: folder
            )
            let program = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("sasl_front.py").path
            let front = try ChildProcess(
                try #require(python),
                [program, broker.address, "certificate.pem", "key.pem", username, password],
                folder: folder.path
            )
            try await eventually("a front that listens: \(front.errors)") {
                front.output.hasSuffix("\n")
            }
            return (front, front.output.split(separator: "\n").first.map(String.init) ?? "")
        }

        private static func configuration(
            _ address: String,
            passwordFile: String = "password",
            trusts: Bool = true
        ) -> String {
            """
            log: kafka
            kafka:
              brokers: \(address)
              partitions: 4
              security: sasl_ssl
              username: \(username)
              password_file: \(passwordFile)
              \(trusts ? "ca_file: certificate.pem" : "")
            windows:
              - {name: 10s, size: 10s, allowed_lateness: 1h}

            """
        }

        @Test(
            "takes events; a wrong password and an unknown certificate are told",
            .timeLimit(.minutes(3))
        )
        func secured() async throws {
            let folder = try TemporaryFolder()
            let broker = try await KafkaBroker.start(
                topic: "fleetscore-events",
                partitionCount: 4,
                in: folder
            )
            defer { withExtendedLifetime(broker) {} }
            let (front, address) = try await Self.startFront(of: broker, in: folder)
            try folder.write("password", Self.password + "\n")
            try folder.write("wrong-password", "guess\n")
            try folder.write("good.yaml", Self.configuration(address))
            try await expectWindows(in: folder)

            for configuration in [
                Self.configuration(address, passwordFile: "wrong-password"),
                Self.configuration(address, trusts: false),
            ] {
                try folder.write("bad.yaml", configuration)
                let refused = try await Binary.run(
                    ["serve", "--listen", "127.0.0.1:0", "--data-dir", folder.at("refused")]
                        + ["--log-level", "error", "--config", "bad.yaml"],
                    in: folder
                )
                #expect(refused.exitCode != 0, "\(refused)")
                #expect(
                    refused.errors.contains("cannot reach kafka at \(address)")
                        && refused.errors.contains("password_file and ca_file"),
                    "\(refused)"
                )
                #expect(!refused.errors.contains(Self.password), "\(refused)")
            }
            front.send(9)
            _ = try await front.end()
        }

        /// Sends a file through a server and counts its events in the windows.
        private func expectWindows(in folder: TemporaryFolder) async throws {
            let server = try await RunningServer.start(
                data: folder.at("data"),
                config: "good.yaml",
                in: folder
            )
            let rows = (0..<500).map { "\(1_767_225_600 + $0),m-\($0 % 7),flow,\($0)" }
            try folder.write(
                "readings.csv",
                "time,device,sensor,value\n" + rows.joined(separator: "\n") + "\n"
            )
            let sent = try await server.run(
                ["events", "send", "readings.csv", "--complete"],
                in: folder
            )
            #expect(sent.exitCode == 0, "\(sent)")
            let database = WindowDatabase(path: folder.at("data/windows.db"), folder: folder)
            try await eventually("every event in a window") {
                try await database.count("SELECT coalesce(sum(count), 0) FROM windows") == 500
            }
            try await server.expectCleanEnd()
        }
    }
}
