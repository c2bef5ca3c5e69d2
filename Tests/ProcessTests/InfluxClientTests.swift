import Foundation
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The interpreter with the clients; without it these tests are skipped, which CI forbids.
private let python = ProcessInfo.processInfo.environment["FLEETSCORE_PYTHON"]

extension ProcessTests {
    @Suite(
        "The official InfluxDB clients",
        .enabled(if: python != nil, "set FLEETSCORE_PYTHON to a python with influxdb-client")
    )
    struct InfluxClientTests {
        /// Writes as each client does when nothing is chosen, then a body with a bad line.
        private static let script = """
            import sys
            host, port = sys.argv[1].split(":")
            from influxdb import InfluxDBClient as V1
            from influxdb.exceptions import InfluxDBClientError
            v1 = V1(host, int(port), "user", "secret", "plant", gzip=True)
            print("ping", v1.ping())
            v1.create_database("plant")
            print("databases", v1.get_list_database())
            v1.write_points([{"measurement": "temperature", "tags": {"device": "m-1"},
                "time": "2026-01-01T00:00:05Z", "fields": {"value": 21.5}}])
            try:
                v1.write_points(["good,device=m-1 value=1 1767225606", "bad,device=m-1 value="],
                                protocol="line", time_precision="s")
                print("no error")
            except InfluxDBClientError as error:
                print("v1", error.code, "partial write" in str(error), "dropped=1" in str(error))
            from influxdb_client import InfluxDBClient as V2, Point
            from influxdb_client.client.write_api import SYNCHRONOUS
            from influxdb_client.rest import ApiException
            v2 = V2(f"http://{host}:{port}", token="secret", org="o", enable_gzip=True)
            print("ping", v2.ping())
            health = v2.health()
            print("health", health.name, health.status)
            write = v2.write_api(write_options=SYNCHRONOUS)
            write.write("plant", "o", Point("vibration").tag("host", "m-2").tag("axis", "x")
                .field("value", 0.25).field("note", "text")
                .time("2026-01-01T00:00:07Z"))
            write.write("plant", "o", "count,device=m-2 value=3i 1767225608000", "ms")
            try:
                write.write("plant", "o", "bad")
                print("no error")
            except ApiException as error:
                print("v2", error.status, "unable to parse line 1" in error.body)
            """

        @Test("write, ask for databases and read errors as with InfluxDB")
        func clients() async throws {
            let folder = try TemporaryFolder()
            let server = try await RunningServer.start(data: folder.at("data"), in: folder)
            let address = String(server.address.dropFirst("http://".count))
            let output = try await Binary.output(
                of: try #require(python),
                ["-c", Self.script, address],
                in: folder
            )
            #expect(
                output == """
                    ping 1.8.10
                    databases [{'name': 'fleetscore'}]
                    v1 400 True True
                    ping True
                    health fleetscore pass
                    v2 400 True

                    """
            )
            let exported = try await server.run(["events", "export"], in: folder)
            let rows = exported.output.split(separator: "\n").dropFirst().sorted()
            #expect(
                rows == [
                    "2026-01-01T00:00:05Z,m-1,temperature,21.5",
                    "2026-01-01T00:00:06Z,m-1,good,1.0",
                    "2026-01-01T00:00:07Z,m-2,\"vibration,axis=x\",0.25",
                    "2026-01-01T00:00:08Z,m-2,count,3.0",
                ]
            )
            let letters = try await server.run(["events", "dead-letters"], in: folder)
            #expect(letters.outputLines.count == 2, "\(letters)")
            try await server.expectCleanEnd()
        }
    }
}
