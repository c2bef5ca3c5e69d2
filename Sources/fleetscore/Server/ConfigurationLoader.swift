import Core
import FoundationEssentials
import Logging
import Pipelines

/// Merges settings: options over environment over `fleetscore.yaml` over defaults.
enum ConfigurationLoader {
    /// The file that is read when none is named and it exists.
    static let defaultFile = "fleetscore.yaml"

    /// The settings and window definitions a server starts with.
    static func load(
        config: String?,
        options: [String: String],
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> ServerDocument {
        var document = try read(config ?? environment["FLEETSCORE_CONFIG"])
        for setting in Setting.reference {
            if let text = options[setting.name] ?? environment[setting.environmentVariable] {
                try document.settings.set(setting.name, to: text)
            }
        }
        return document
    }

    private static func read(_ path: String?) throws -> ServerDocument {
        let file: String
        if let path {
            file = path
        } else if FileManager.default.fileExists(atPath: defaultFile) {
            file = defaultFile
        } else {
            return try ServerDocument.parse(yaml: ServerDocument.starter, file: "defaults")
        }
        let checked = check(yaml: try Files.text(file), file: file)
        guard let document = checked.document else { throw FleetError(checked.problems) }
        return document
    }

    /// Reads a configuration and lists everything that is wrong with it, windows included.
    static func check(
        yaml: String,
        file: String
    ) -> (document: ServerDocument?, problems: [DocumentProblem]) {
        let checked = ServerDocument.check(
            yaml: yaml,
            file: file,
            checkingWindows: WindowProblem.find
        )
        guard let document = checked.document else { return checked }
        let problems = SourceOpener.problems(document, file: file)
        return problems.isEmpty ? checked : (nil, problems)
    }
}

/// Where logs go: one line each on standard error.
enum LogOutput {
    static func logger(level: String) -> Logger {
        var logger = Logger(label: "fleetscore") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = Logger.Level(rawValue: level) ?? .info
        return logger
    }
}
