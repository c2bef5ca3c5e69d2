import Core
import Pipelines
import Testing

@Suite("Settings of ingest")
struct IngestSettingsTests {
    private static func parse(_ yaml: String) throws -> ServerDocument {
        try ServerDocument.parse(yaml: yaml, file: "fleetscore.yaml")
    }

    @Test("Kinds of windows, their policies and quantiles are read")
    func windows() throws {
        let document = try Self.parse(
            """
            windows:
              - {name: hop, size: 1m, slide: 20s, quantiles: [0.95, 0.5], late: adjust}
              - {name: same, size: 1m, slide: 1m}
              - {name: visits, gap: 10m, max_size: 6h, watermark: device}
              - {name: fixed, size: 5s, late: correct, correct_for: 2h, retention: 90d}
            """
        )
        try #require(document.windows.count == 4)
        let hop = document.windows[0]
        #expect(hop.kind == .hopping(slide: .seconds(20)))
        #expect(hop.quantiles == [0.5, 0.95])
        #expect(hop.late == .adjust)
        #expect(document.windows[1].kind == .tumbling)
        let visits = document.windows[2]
        #expect(visits.kind == .session(gap: .seconds(600)))
        #expect(visits.size == .seconds(6 * 3600))
        #expect(visits.watermark == .device)
        let fixed = document.windows[3]
        #expect(fixed.late == .correct)
        #expect(fixed.correctFor == .seconds(7200))
        #expect(fixed.retention == .seconds(90 * 86_400))
    }

    /// A document that is wrong, and what its first problem says.
    struct Wrong {
        let yaml: String
        let says: String
    }

    @Test(
        "What does not fit together is named with its line",
        arguments: [
            Wrong(
                yaml: "windows:\n  - {name: a, size: 1m, slide: 2m}",
                says: "fleetscore.yaml:2 windows[0].slide: is longer than the size of 1m"
            ),
            Wrong(
                yaml: "windows:\n  - {name: a, size: 1m, gap: 2m}",
                says: "windows[0].size: does not go with gap"
            ),
            Wrong(
                yaml: "windows:\n  - {name: a, size: 1m, correct_for: 1h}",
                says: "windows[0].correct_for: needs late: correct"
            ),
            Wrong(
                yaml: "windows:\n  - {name: a, size: 1m, quantiles: [50]}",
                says: "windows[0].quantiles: must be numbers between 0 and 1"
            ),
            Wrong(
                yaml: "windows:\n  - {name: a, size: 1m, late: dorp}",
                says: "did you mean \"drop\"?"
            ),
            Wrong(yaml: "windows:\n  - {name: a}", says: "windows[0].size: is missing"),
            Wrong(yaml: "log: kafka", says: "log: needs the broker"),
            Wrong(yaml: "roles: ingest,agregate", says: "did you mean \"aggregate\"?"),
            Wrong(
                yaml: "sources:\n  - mqtt: {url: tcp://host, topics: [a]}",
                says: "sources[0].mqtt.url: \"tcp://host\" is no broker"
            ),
            Wrong(yaml: "sources:\n  - name: a", says: "names no kind of source"),
            Wrong(
                yaml: "kafka: {brokers: \"a:1\", security: sasl}\nlog: kafka",
                says: "kafka.security"
            ),
        ]
    )
    func wrong(_ wrong: Wrong) {
        #expect {
            try Self.parse(wrong.yaml)
        } throws: { error in
            "\(error)".contains(wrong.says)
        }
    }

    @Test("Sources and the topic are read with their defaults")
    func sources() throws {
        let document = try Self.parse(
            """
            log: kafka
            roles: aggregate, ingest
            kafka:
              brokers: [a:9092, "b:9092,c:9092"]
              topic: readings
              properties: {compression.type: zstd}
            sources:
              - name: hall-a
                mqtt:
                  url: mqtts://broker:8883
                  topics: ["plant/{device}/{sensor}", "old/{device}"]
                  username: fleet
                  password_file: secret
                  share_group: scorers
              - mqtt: {url: "mqtt://broker:1883", topics: "one/{device}"}
            """
        )
        #expect(document.settings.log == "kafka")
        #expect(document.settings.roles == [.ingest, .aggregate])
        let kafka = try #require(document.kafka)
        #expect(kafka.brokers == ["a:9092", "b:9092", "c:9092"])
        #expect(kafka.topic == "readings")
        #expect(kafka.properties == ["compression.type": "zstd"])
        #expect(kafka.partitionCount == nil)
        try #require(document.mqtt.count == 2)
        #expect(document.mqtt[0].name == "hall-a")
        #expect(document.mqtt[0].topics == ["plant/{device}/{sensor}", "old/{device}"])
        #expect(document.mqtt[0].shareGroup == "scorers")
        #expect(document.mqtt[1].topics == ["one/{device}"])
        #expect(document.mqtt[1].qos == 1)
    }
}
