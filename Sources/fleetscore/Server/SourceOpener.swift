import Core
import FoundationEssentials
import Logging
import MQTTSource
import Pipelines
import Service
import Sources

/// Makes the sources that the settings name.
enum SourceOpener {
    /// The sources, each a service that feeds the sink.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` naming the source and the setting.
    static func open(
        _ document: ServerDocument,
        sink: any EventSink,
        clock: any Clock<Duration>,
        wallClock: any WallClock,
        logger: Logger
    ) throws -> [any EventSource] {
        try document.mqtt.map { setting in
            do {
                return try MQTTSource(
                    name: setting.name,
                    settings: MQTTSettings(setting, server: serverName(document)),
                    sink: sink,
                    clock: clock,
                    wallClock: wallClock,
                    logger: logger
                )
            } catch let error as FleetError {
                throw FleetError(error.code, "source \(setting.name): \(error)")
            }
        }
    }
}

extension SourceOpener {
    /// What is wrong with the sources of a document, by line, beyond what its reading tells.
    static func problems(_ document: ServerDocument, file: String) -> [DocumentProblem] {
        document.mqtt.flatMap { setting in
            MQTTSettings(setting, server: "0").problems().map {
                setting.place.problem($0.field, $0.message, file: file)
            }
        }.sorted { $0.line < $1.line }
    }

    /// A name that this server keeps and no other has: a broker knows one client by it.
    private static func serverName(_ document: ServerDocument) -> String {
        let folder = Files.absolute(document.settings.dataDirectory)
        let hash = XXHash64.hash(ProcessInfo.processInfo.hostName + " " + folder)
        return String(hash >> 24, radix: 36)
    }
}

extension MQTTSettings {
    /// The settings of a source as the document declares it.
    init(_ setting: MQTTSetting, server: String) {
        self.init(
            url: setting.url,
            clientID: setting.clientID ?? "fleetscore-\(setting.name)-\(server)",
            topics: setting.topics
        )
        username = setting.username
        passwordFile = setting.passwordFile
        caFile = setting.caFile
        certificateFile = setting.certificateFile
        keyFile = setting.keyFile
        qualityOfService = setting.qos
        shareGroup = setting.shareGroup
        sessionExpiry = setting.sessionExpiry
        keepAlive = setting.keepAlive
        receiveMaximum = setting.receiveMaximum
        protocolChoice = ProtocolChoice(rawValue: setting.version) ?? .automatic
    }
}
