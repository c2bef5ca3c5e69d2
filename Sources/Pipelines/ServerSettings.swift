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

/// `fleetscore.yaml`: the settings of a server and its window definitions.
package struct ServerDocument: Sendable, Equatable {
    package var settings: ServerSettings
    /// The names of the settings that the document gives a value.
    package var givenSettings: Set<String>
    package var windows: [WindowSetting]

    /// Reads `fleetscore.yaml`.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` with the first problem and the number of others.
    package static func parse(yaml: String, file: String) throws -> ServerDocument {
        let checked = check(yaml: yaml, file: file)
        guard let document = checked.document else { throw FleetError(checked.problems) }
        return document
    }

    /// Reads `fleetscore.yaml` and lists everything that is wrong with it, by line.
    package static func check(
        yaml: String,
        file: String
    ) -> (document: ServerDocument?, problems: [DocumentProblem]) {
        let reader = DocumentReader(file: file)
        let keys = Setting.reference.map(\.name) + ["windows"]
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
        let windows = root.windowSettings()
        guard reader.problems.isEmpty else { return (nil, reader.sortedProblems) }
        return (
            ServerDocument(settings: settings, givenSettings: given, windows: windows), []
        )
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
