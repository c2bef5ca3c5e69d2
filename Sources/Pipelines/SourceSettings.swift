import Core

/// An MQTT source as `fleetscore.yaml` declares it.
package struct MQTTSetting: Sendable, Equatable {
    /// The name that dead letters, pages and metrics show.
    package var name = "mqtt"
    /// `mqtt://host:1883`, or `mqtts://host:8883` with TLS.
    package var url: String
    /// Templates such as `plant/{device}/{sensor}`.
    package var topics: [String]
    package var username: String?
    package var passwordFile: String?
    package var caFile: String?
    package var certificateFile: String?
    package var keyFile: String?
    package var clientID: String?
    package var qos = 1
    /// The group of a shared subscription; nil for one of its own.
    package var shareGroup: String?
    package var sessionExpiry = Duration.seconds(86_400)
    package var keepAlive = Duration.seconds(30)
    /// Messages that may wait for acknowledgement.
    package var receiveMaximum = 1000
    /// `auto`, `5` or `3.1.1`.
    package var version = "auto"
    /// Where the document says it, for messages.
    package var place = SettingPlace()
}

/// Where settings stand in a document.
package struct SettingPlace: Sendable, Equatable {
    /// The key path, such as `sources[0].mqtt`.
    package var path = ""
    package var line = 0
    /// The lines of its keys and of the elements of its lists, such as `topics[1]`.
    package var lines: [String: Int] = [:]

    /// A problem with a key, or an element of a list, of the settings.
    package func problem(_ key: String, _ message: String, file: String) -> DocumentProblem {
        let list = key.prefix { $0 != "[" }
        return DocumentProblem(
            file: file,
            line: lines[key] ?? lines[String(list)] ?? line,
            path: "\(path).\(key)",
            message: message
        )
    }
}

extension MappingReader {
    /// Where the mapping, its keys and the elements of its lists stand.
    var place: SettingPlace {
        var place = SettingPlace(path: path, line: line)
        for (key, node) in values {
            place.lines[key] = node.line
            guard case .sequence(let elements) = node.content else { continue }
            for (index, element) in elements.enumerated() {
                place.lines["\(key)[\(index)]"] = element.line
            }
        }
        return place
    }
}

/// The Kafka topic that is the event log, as `fleetscore.yaml` declares it.
package struct KafkaSetting: Sendable, Equatable {
    package var brokers: [String]
    package var topic = "fleetscore-events"
    package var group = "fleetscore"
    /// Of a topic that has to be made; nil is 16.
    package var partitionCount: Int?
    package var replication: Int?
    /// `plaintext`, `ssl`, `sasl_plaintext` or `sasl_ssl`.
    package var security = "plaintext"
    /// `hash`: a device belongs to the partition of its hash; `any`: the producers decide.
    package var partitioning: String?
    package var username: String?
    package var passwordFile: String?
    package var caFile: String?
    /// Further properties of librdkafka.
    package var properties: [String: String] = [:]

    package static let securities = ["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]
}

extension MappingReader {
    /// The `sources` list of `fleetscore.yaml`.
    func mqttSettings() -> [MQTTSetting] {
        var settings: [MQTTSetting] = []
        for source in mappings("sources", countMax: 16, ["name", "mqtt"]) {
            let name = source.read("name", Scalar.name) ?? "mqtt"
            guard source.has("mqtt") else {
                source.reader.report(
                    line: source.line,
                    path: source.path,
                    "names no kind of source; write mqtt: {url: …, topics: […]}"
                )
                continue
            }
            guard var setting = source.mqttSetting() else { continue }
            setting.name = name
            if settings.contains(where: { $0.name == name }) {
                source.report("name", "\"\(name)\" is given twice; name each source")
            }
            settings.append(setting)
        }
        return settings
    }

    /// Reports a list without elements, which would leave out what it belongs to.
    private func refuseEmptyList(_ key: String) {
        guard case .sequence(let elements)? = values[key]?.content, elements.isEmpty else { return }
        report(key, "is an empty list; name one at least")
    }

    private func mqttSetting() -> MQTTSetting? {
        let keys = [
            "url", "topics", "username", "password_file", "ca_file", "cert_file", "key_file",
            "client_id", "qos", "share_group", "session_expiry", "keep_alive", "receive_maximum",
            "protocol",
        ]
        guard let mapping = mapping("mqtt", allowed: keys) else { return nil }
        let url = mapping.read("url", required: true) { text throws(ScalarProblem) in
            guard text.hasPrefix("mqtt://") || text.hasPrefix("mqtts://") else {
                throw ScalarProblem(
                    "\"\(text.prefix(80))\" is no broker; write mqtt://host:1883 or "
                        + "mqtts://host:8883"
                )
            }
            return text
        }
        let topics = mapping.texts("topics", required: true)
        mapping.refuseEmptyList("topics")
        guard let url, !topics.isEmpty else { return nil }
        var setting = MQTTSetting(url: url, topics: topics)
        setting.place = mapping.place
        setting.username = mapping.text("username")
        setting.passwordFile = mapping.text("password_file")
        setting.caFile = mapping.text("ca_file")
        setting.certificateFile = mapping.text("cert_file")
        setting.keyFile = mapping.text("key_file")
        setting.clientID = mapping.text("client_id")
        setting.shareGroup = mapping.text("share_group")
        setting.qos =
            mapping.read("qos") { text throws(ScalarProblem) in
                try Scalar.integer(text, in: 0...1)
            } ?? setting.qos
        setting.receiveMaximum =
            mapping.read("receive_maximum") { text throws(ScalarProblem) in
                try Scalar.integer(text, in: 1...65_535)
            } ?? setting.receiveMaximum
        setting.version =
            mapping.read("protocol") { text throws(ScalarProblem) in
                try Scalar.choice(text, of: ["auto", "5", "3.1.1"])
            } ?? setting.version
        setting.sessionExpiry =
            mapping.duration("session_expiry", .zero ... .seconds(365 * 86_400))
            ?? setting.sessionExpiry
        setting.keepAlive =
            mapping.duration("keep_alive", .seconds(1) ... .seconds(3600)) ?? setting.keepAlive
        return setting
    }

    /// The `kafka` mapping of `fleetscore.yaml`.
    func kafkaSetting() -> KafkaSetting? {
        let keys = [
            "brokers", "topic", "group", "partitions", "partitioning", "replication", "security",
            "username",
            "password_file", "ca_file", "properties",
        ]
        guard let mapping = mapping("kafka", allowed: keys) else { return nil }
        let brokers = mapping.texts("brokers", required: true)
            .flatMap { $0.split(separator: ",").map(String.init) }
        mapping.refuseEmptyList("brokers")
        guard !brokers.isEmpty else { return nil }
        var setting = KafkaSetting(brokers: brokers)
        setting.topic = mapping.text("topic") ?? setting.topic
        setting.group = mapping.text("group") ?? setting.group
        setting.partitionCount = mapping.read("partitions") { text throws(ScalarProblem) in
            try Scalar.integer(text, in: 1...1024)
        }
        setting.replication = mapping.read("replication") { text throws(ScalarProblem) in
            try Scalar.integer(text, in: 1...10)
        }
        setting.security =
            mapping.read("security") { text throws(ScalarProblem) in
                try Scalar.choice(text, of: KafkaSetting.securities)
            } ?? setting.security
        setting.partitioning = mapping.read("partitioning") { text throws(ScalarProblem) in
            try Scalar.choice(text, of: ["hash", "any"])
        }
        setting.username = mapping.text("username")
        setting.passwordFile = mapping.text("password_file")
        setting.caFile = mapping.text("ca_file")
        setting.properties = mapping.textMapping("properties")
        return setting
    }
}
