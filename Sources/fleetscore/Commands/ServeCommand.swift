import ArgumentParser
import Core
import FoundationEssentials
import Logging
import Pipelines
import ServiceLifecycle

/// Runs a server until it is told to stop.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the server: take events, build windows, run pipelines, answer requests.",
        discussion: """
            Examples:
              fleetscore serve
              fleetscore serve --data-dir /srv/fleetscore --config fleetscore.yaml
              fleetscore serve --listen 0.0.0.0:8380 --token-file token.txt

            Settings come from options, then FLEETSCORE_… variables, then the configuration file,
            then defaults; see `fleetscore config reference`. SIGTERM and Ctrl-C end it cleanly.
            """
    )

    @Option(help: "Folder of all data; made when missing.")
    var dataDir: String?

    @Option(help: "Configuration file; without it fleetscore.yaml is read if it is there.")
    var config: String?

    @Option(help: "Address to listen on, HOST:PORT; port 0 takes a free one.")
    var listen: String?

    @Option(help: "File with the bearer token that requests must carry.")
    var tokenFile: String?

    @Option(help: "Log level: trace, debug, info, notice, warning, error.")
    var logLevel: String?

    func run() async throws {
        var given: [String: String] = [:]
        given["data_dir"] = dataDir
        given["listen"] = listen
        given["token_file"] = tokenFile
        given["log_level"] = logLevel
        let loaded = try ConfigurationLoader.load(config: config, options: given)
        let folder = loaded.settings.dataDirectory
        let process = ServerProcess(
            loaded,
            logger: LogOutput.logger(level: loaded.settings.logLevel)
        ) { address in
            Terminal.complain("fleetscore listens on http://\(address), data in \(folder)")
        }
        try await process.run()
    }
}
