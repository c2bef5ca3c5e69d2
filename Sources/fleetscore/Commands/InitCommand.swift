import ArgumentParser
import Core
import FoundationEssentials
import Pipelines

/// Writes a commented configuration and pipeline to begin with.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a commented fleetscore.yaml and pipeline.yaml to begin with.",
        discussion: """
            Examples:
              fleetscore init
              fleetscore init plant/ --name plant

            Existing files are kept and refused.
            """
    )

    @Argument(help: "Folder to write them in.")
    var folder = "."

    @Option(help: "Name of the pipeline and of its fleet.")
    var name = "plant"

    func run() throws {
        do {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true
            )
        } catch {
            throw FleetError(
                .unavailable,
                "cannot make the folder \(folder)",
                isRetriable: false,
                cause: error
            )
        }
        let pipeline = PipelineDocument.starter(name: name, windows: "1m", fleet: name)
        _ = try PipelineDocument.parse(yaml: pipeline, file: "pipeline.yaml")
        let prefix = folder == "." ? "" : folder.hasSuffix("/") ? folder : folder + "/"
        for file in ["fleetscore.yaml", "pipeline.yaml"]
        where FileManager.default.fileExists(atPath: prefix + file) {
            throw FleetError(
                .conflict,
                "\(prefix)\(file) exists already",
                hint: "pass another folder: fleetscore init DIR"
            )
        }
        try Files.create(prefix + "fleetscore.yaml", Array(ServerDocument.starter.utf8))
        try Files.create(prefix + "pipeline.yaml", Array(pipeline.utf8))
        Terminal.say("wrote \(prefix)fleetscore.yaml and \(prefix)pipeline.yaml")
        let config = prefix.isEmpty ? "" : " --config \(prefix)fleetscore.yaml"
        Terminal.say("next: fleetscore serve\(config)")
    }
}

/// Commands about settings.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Explain and check settings.",
        subcommands: [Reference.self, Check.self]
    )

    struct Reference: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print every setting: type, unit, default, range and meaning.",
            discussion: "Example:\n  fleetscore config reference"
        )

        func run() {
            for setting in Setting.reference {
                Terminal.say("\(setting.name)  (\(setting.environmentVariable))")
                Terminal.say("    \(setting.sentence)")
                let unit = setting.unit.isEmpty ? "" : ", \(setting.unit)"
                Terminal.say(
                    "    \(setting.kind.rawValue)\(unit); default \(setting.defaultText); "
                        + setting.range
                )
            }
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check a configuration file without starting.",
            discussion: "Example:\n  fleetscore config check fleetscore.yaml"
        )

        @Argument(help: "The configuration file.")
        var file = ConfigurationLoader.defaultFile

        func run() throws {
            let checked = ConfigurationLoader.check(yaml: try Files.text(file), file: file)
            for problem in checked.problems { Terminal.complain("\(problem)") }
            guard checked.problems.isEmpty else { throw ExitCode(2) }
            Terminal.say("\(file) is fine")
        }
    }
}
