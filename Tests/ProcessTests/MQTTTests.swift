import Client
import Core
import FoundationEssentials
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension ProcessTests {
    @Suite("A server that subscribes to a broker")
    struct MQTTTests {
        private static let isMissing =
            !(Binary.has("mosquitto") && Binary.has("mosquitto_pub"))
            && ProcessInfo.processInfo.environment["CI"] != "true"

        private static func configuration(_ port: Int) -> String {
            """
            idle_after: 1h
            windows:
              - {name: 10s, size: 10s, allowed_lateness: 1h}
            sources:
              - name: plant
                mqtt:
                  url: mqtt://127.0.0.1:\(port)
                  topics: ["plant/{device}/{sensor}", "bulk/{device}"]

            """
        }

        /// Publishes each line as a message with QoS 1 and waits until the broker has all.
        private static func publish(
            _ lines: [String],
            topic: String,
            port: Int,
            in folder: TemporaryFolder
        ) async throws {
            let name = "lines-\(topic.filter { $0 != "/" })"
            try folder.write(name, lines.joined(separator: "\n") + "\n")
            let child = try ChildProcess(
                "/bin/sh",
                [
                    "-c",
                    "mosquitto_pub -h 127.0.0.1 -p \(port) -q 1 -t \(topic) -l < \(name)",
                ],
                folder: folder.path
            )
            guard try await child.end() == 0 else { throw ProcessProblem(child.errors) }
        }

        @Test(
            "a hundred numbers that are sent at once are a hundred readings, and status shows it",
            .enabled(if: Binary.isThere, "needs fleetscore"),
            .disabled(if: isMissing, "needs mosquitto and mosquitto_pub"),
            .timeLimit(.minutes(2))
        )
        func numbersWithoutTime() async throws {
            let folder = try TemporaryFolder()
            let port = try FreePort.find()
            try folder.write(
                "mosquitto.conf",
                "listener \(port) 127.0.0.1\nallow_anonymous true\n"
            )
            try folder.write("server.yaml", Self.configuration(port))
            let server = try await RunningServer.start(
                data: folder.at("data"),
                config: "server.yaml",
                in: folder
            )
            func text() async throws -> String {
                let address = ["--server", server.client.server]
                return try await Binary.run(["status"] + address, in: folder).output
            }
            try await eventually("an error") { try await text().contains("plant, last error") }
            #expect(try await text().contains("is a broker listening at 127.0.0.1:\(port)?"))
            let broker = try ChildProcess(
                "mosquitto",
                ["-c", folder.at("mosquitto.conf")],
                folder: folder.path
            )
            try await eventually("a subscription") {
                let status: StatusInfo = try await server.client.get("/v1/status")
                return status.sources.first?.phase == "connected"
            }
            try await Self.publish(
                (0..<100).map(String.init),
                topic: "plant/live/x",
                port: port,
                in: folder
            )
            try await eventually("all to be applied") {
                let status: StatusInfo = try await server.client.get("/v1/status")
                return status.accepted == 100
            }
            let status: StatusInfo = try await server.client.get("/v1/status")
            #expect(status.duplicates == 0)
            let row = try #require(
                try await text().split(separator: "\n").first { $0.hasPrefix("plant ") }
            )
            #expect(row.contains("connected") && row.contains("100"), "\(row)")
            try await server.expectCleanEnd()
            broker.send(SIGTERM)
            _ = try await broker.end()
        }

        @Test(
            "messages that came while it was killed are counted once after it is started again",
            .enabled(if: Binary.isThere, "needs fleetscore"),
            .disabled(if: isMissing, "needs mosquitto and mosquitto_pub"),
            .timeLimit(.minutes(3))
        )
        func messagesSurviveKills() async throws {
            let folder = try TemporaryFolder()
            let port = try FreePort.find()
            try folder.write(
                "mosquitto.conf",
                """
                listener \(port) 127.0.0.1
                allow_anonymous true
                max_inflight_messages 0
                max_queued_messages 0

                """
            )
            let broker = try ChildProcess(
                "mosquitto",
                ["-c", folder.at("mosquitto.conf")],
                folder: folder.path
            )
            try await eventually("a broker that listens: \(broker.errors)") {
                FreePort.isListening(port)
            }
            try folder.write("server.yaml", Self.configuration(port))
            let data = folder.at("data")
            var server = try await RunningServer.start(
                data: data,
                config: "server.yaml",
                in: folder
            )
            try await eventually("a subscription") {
                try await Self.publish(["1"], topic: "plant/probe/p", port: port, in: folder)
                return try await server.exportedReadings().contains {
                    $0.key.description == "probe/p"
                }
            }
            let start = 1_767_225_600
            for round in 0..<3 {
                let lines = (0..<2000).map { index in
                    "{\"time\": \(start + round * 2000 + index), \"value\": \(index)}"
                }
                try await Self.publish(lines, topic: "plant/m-1/flow", port: port, in: folder)
                server.child.send(SIGKILL)
                _ = try await server.child.end()
                try await Self.publish(
                    ["{\"time\": \(start + round), \"level\": \(round)}"],
                    topic: "bulk/m-2",
                    port: port,
                    in: folder
                )
                server = try await RunningServer.start(
                    data: data,
                    config: "server.yaml",
                    in: folder
                )
            }
            try await Self.publish(
                ["21.5", "nonsense"],
                topic: "plant/m-3/t",
                port: port,
                in: folder
            )
            try await eventually("all messages to be accepted") {
                let exported = try await server.exportedReadings()
                return Set(exported.filter { $0.key.device != "probe" }).count >= 6004
            }
            let exported = Set(try await server.exportedReadings())
            let flow = exported.filter { $0.key.description == "m-1/flow" }
            #expect(flow.count == 6000)
            #expect(exported.filter { $0.key.description == "m-2/level" }.count == 3)
            #expect(exported.filter { $0.key.description == "m-3/t" }.map(\.value) == [21.5])
            _ = try await server.client.bytes("POST", "/v1/events/complete", [:], body: nil)
            let database = WindowDatabase(path: data + "/windows.db", folder: folder)
            // A message that was durable and not yet acknowledged comes twice; each event is in one
            // place all the same.
            let accepted = try await server.exportedReadings().count
            try await eventually("every event to be in one place") {
                try await database.count(
                    "SELECT (SELECT coalesce(sum(count), 0) FROM windows) "
                        + "+ (SELECT coalesce(sum(total), 0) FROM event_counts "
                        + "WHERE reason IN ('late', 'duplicate'))"
                ) == accepted
            }
            try await eventually("the message that is no reading among the dead letters") {
                try await database.count(
                    "SELECT count(*) FROM dead_letters WHERE source LIKE '%plant%' "
                        + "AND text LIKE '%nonsense%'"
                ) >= 1
            }
            try await server.expectCleanEnd()
            broker.send(SIGTERM)
            _ = try await broker.end()
        }
    }
}
