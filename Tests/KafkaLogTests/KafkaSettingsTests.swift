import Core
import Foundation
import KafkaLog
import Testing

@Suite("Kafka settings") struct KafkaSettingsTests {
    struct Wrong: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let named: String
        let change: @Sendable (inout KafkaSettings) -> Void
    }

    private static let wrong: [Wrong] = [
        Wrong(testDescription: "no brokers", named: "brokers") { $0.brokers = "" },
        Wrong(testDescription: "a space", named: "brokers") { $0.brokers = "a:1, b:1" },
        Wrong(testDescription: "no topic", named: "topic") { $0.topic = "" },
        Wrong(testDescription: "a slash", named: "topic") { $0.topic = "a/b" },
        Wrong(testDescription: "dots", named: "topic") { $0.topic = ".." },
        Wrong(testDescription: "no group", named: "group") { $0.group = "" },
        Wrong(testDescription: "no partitions", named: "partitions") { $0.partitionCount = 0 },
        Wrong(testDescription: "too many", named: "partitions") { $0.partitionCount = 1025 },
        Wrong(testDescription: "no replica", named: "replication") { $0.replication = 0 },
        Wrong(testDescription: "no time", named: "delivery timeout") { $0.deliveryTimeout = .zero },
        Wrong(testDescription: "no wait", named: "connect timeout") { $0.connectTimeout = .zero },
        Wrong(testDescription: "no room", named: "pending") { $0.pendingByteCountMax = 0 },
        Wrong(testDescription: "no prefetch", named: "prefetched") { $0.prefetchByteCountMax = 0 },
        Wrong(testDescription: "negative", named: "dedupe") { $0.dedupeOffsetCount = -1 },
        Wrong(testDescription: "no password", named: "sasl_ssl") {
            $0.security = .saslSSL
            $0.username = "u"
        },
        Wrong(testDescription: "a password in the clear", named: "plaintext") {
            $0.password = KafkaSecret("p")
        },
        Wrong(testDescription: "ours", named: "enable.idempotence") {
            $0.properties = ["enable.idempotence": "false"]
        },
    ]

    @Test("A value that is not allowed is named", arguments: wrong)
    func wrongValues(_ wrong: Wrong) {
        var settings = KafkaSettings(brokers: "localhost:9092", topic: "events")
        #expect(throws: Never.self) { try settings.validate() }
        wrong.change(&settings)
        let error = #expect(throws: FleetError.self) { try settings.validate() }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(wrong.named) == true, "\(error?.message ?? "")")
    }

    @Test("The settings of Azure Event Hubs are allowed")
    func eventHubs() throws {
        var settings = KafkaSettings(brokers: "plant.servicebus.windows.net:9093", topic: "events")
        settings.security = .saslSSL
        settings.username = "$ConnectionString"
        settings.password = KafkaSecret("Endpoint=sb://plant/;SharedAccessKey=abc")
        settings.properties = ["compression.type": "none", "metadata.max.age.ms": "180000"]
        try settings.validate()
        // Nothing that prints settings prints the secret.
        #expect(!"\(settings)".contains("SharedAccessKey"))
        #expect(!String(reflecting: settings).contains("SharedAccessKey"))
        var dumped = ""
        dump(settings, to: &dumped)
        #expect(!dumped.contains("SharedAccessKey"))
    }

    @Test("A password is the first line of its file")
    func secret() throws {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("secret-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(throws: FleetError.self) { try KafkaSecret(file: path) }
        try Data("pass word\r\nmore".utf8).write(to: URL(fileURLWithPath: path))
        #expect(try KafkaSecret(file: path) == KafkaSecret("pass word"))
        try Data("\n".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: FleetError.self) { try KafkaSecret(file: path) }
    }

    @Test(
        "The library takes every way to protect connections",
        arguments: KafkaSettings.Security.allCases
    )
    func security(_ security: KafkaSettings.Security) async throws {
        let error = await #expect(throws: FleetError.self) {
            _ = try await openLog(
                "127.0.0.1:1",
                "t",
                change: {
                    $0.security = security
                    $0.username = security.usesPassword ? "user" : nil
                    $0.password = security.usesPassword ? KafkaSecret("a=b;c") : nil
                    $0.connectTimeout = .milliseconds(300)
                }
            )
        }
        #expect(error?.code == .unavailable, "\(error?.description ?? "")")
        #expect(error?.description.contains("a=b;c") == false)
    }

    @Test("A property that librdkafka does not know, or a wrong value, is named")
    func properties() async throws {
        for (name, value) in [("no.such.thing", "1"), ("linger.ms", "soon")] {
            let error = await #expect(throws: FleetError.self) {
                _ = try await openLog("127.0.0.1:1", "t", change: { $0.properties = [name: value] })
            }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains(name) == true, "\(error?.message ?? "")")
        }
    }
}
