import Core

/// The scalar settings of a server process, each with its default.
package struct ServerSettings: Sendable, Equatable {
    /// Host and port.
    package var listen = "127.0.0.1:8380"
    package var dataDirectory = "fleetscore-data"
    package var logLevel = "info"
    /// A partition without appends for so long advances its watermark by the clock.
    package var idleAfter = Duration.seconds(30)
    /// Fixed when the data folder is made.
    package var partitionCount = 16
    /// Whether sealed segments are kept as Parquet.
    package var captures = true
    package var captureRetention = Duration.seconds(30 * 86_400)
    package var logRetention = Duration.seconds(7 * 86_400)
    /// The file with the API's bearer token; nil for none.
    package var tokenFile: String?
    /// Worker processes over all pipelines; nil for one per core.
    package var workerCountMax: Int?
    package var predictionsRetention = Duration.seconds(7 * 86_400)
    /// Where accepted events are appended: `embedded` or `kafka`.
    package var log = "embedded"
    /// What this process does; all of it by default.
    package var roles = ServerRole.allCases
    /// How far ahead of the clock an event's time may be.
    package var earlyLimit = Duration.seconds(86_400)
    /// What happens to values outside the limits of the registry: `flag` or `reject`.
    package var outOfRange = "flag"
    /// Series that appear by themselves.
    package var seriesCountMax = 5_000_000
    /// Events that may wait in the log for the windows before senders are told to wait.
    package var lagMax = 20_000_000
    /// A series without an expected interval is silent after so long without an event.
    package var silentAfter = Duration.seconds(900)
    /// A series is expected for so long after its last event.
    package var expectedFor = Duration.seconds(7 * 86_400)

    package init() {}

    /// Sets one setting from its text, as a flag or an environment variable gives it.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` naming the setting, the value and the range.
    package mutating func set(_ name: String, to text: String) throws {
        guard let setting = Setting.reference.first(where: { $0.name == name }) else {
            let names = Setting.reference.map(\.name)
            throw FleetError(
                .invalidArgument,
                "\(name.prefix(40)): " + unknown(name, names, "setting")
            )
        }
        do throws(ScalarProblem) {
            try setting.apply(&self, text)
        } catch {
            throw FleetError(.invalidArgument, "\(name): \(error.message)")
        }
    }
}

/// A part that a server process can play.
package enum ServerRole: String, Sendable, CaseIterable {
    /// Takes events in.
    case ingest
    /// Makes windows of the log.
    case aggregate
    /// Makes runs when they are due, and drives them.
    case schedule
    /// Answers people.
    case api
}

/// `fleetscore.yaml`: the settings of a server and its window definitions.
package struct ServerDocument: Sendable, Equatable {
    package var settings: ServerSettings
    /// The names of the settings that the document gives a value.
    package var givenSettings: Set<String>
    package var windows: [WindowSetting]
    package var mqtt: [MQTTSetting] = []
    package var kafka: KafkaSetting?

    /// Reads `fleetscore.yaml`.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` with the first problem and the number of others.
    package static func parse(
        yaml: String,
        file: String,
        checkingWindows windowCheck: WindowCheck = { _ in nil }
    ) throws -> ServerDocument {
        let checked = check(yaml: yaml, file: file, checkingWindows: windowCheck)
        guard let document = checked.document else { throw FleetError(checked.problems) }
        return document
    }

    /// Reads `fleetscore.yaml` and lists everything that is wrong with it, by line.
    package static func check(
        yaml: String,
        file: String,
        checkingWindows windowCheck: WindowCheck = { _ in nil }
    ) -> (document: ServerDocument?, problems: [DocumentProblem]) {
        let reader = DocumentReader(file: file)
        let keys = Setting.reference.map(\.name) + ["windows", "sources", "kafka"]
        guard let root = reader.root(of: yaml, allowed: keys) else {
            return (nil, reader.sortedProblems)
        }
        var settings = ServerSettings()
        var given: Set<String> = []
        for setting in Setting.reference {
            guard let text = root.text(setting.name) else { continue }
            given.insert(setting.name)
            do throws(ScalarProblem) {
                try setting.apply(&settings, text)
            } catch {
                root.report(setting.name, error.message)
            }
        }
        var document = ServerDocument(
            settings: settings,
            givenSettings: given,
            windows: root.windowSettings(windowCheck)
        )
        document.mqtt = root.mqttSettings()
        document.kafka = root.kafkaSetting()
        if settings.log == "kafka", !root.has("kafka") {
            root.report("log", "needs the broker: write kafka: {brokers: host:9092}")
        }
        guard reader.problems.isEmpty else { return (nil, reader.sortedProblems) }
        return (document, [])
    }

    /// A commented document to begin with.
    package static let starter = """
        # The settings of one server. Flags win over environment variables (FLEETSCORE_LISTEN),
        # which win over this file. All settings: fleetscore config reference
        listen: 127.0.0.1:8380
        data_dir: fleetscore-data

        # Windows are built for every series as events arrive; pipelines use them by name.
        windows:
          - name: 1m
            size: 1m
            allowed_lateness: 30s        # how long after its end a window takes events
            # where: "value > -50"       # readings that do not fit are left out

        """
}
