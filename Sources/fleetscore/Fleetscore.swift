import API
import ArgumentParser
import Client
import Core
import FoundationEssentials
import Metrics

/// The product's one binary: every command, and the server and worker processes.
@main
struct Fleetscore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleetscore",
        abstract: "Scores fleets of per-device machine-learning models on a schedule.",
        discussion: """
            One shot, no server:
              fleetscore score --data readings.csv --models models/ --out predictions/

            A server and its first pipeline:
              fleetscore init
              fleetscore serve
              fleetscore events send readings.csv --complete
              fleetscore fleets import plant models/
              fleetscore pipelines publish pipeline.yaml
              fleetscore runs start plant --interval 2026-01-01T00:00Z/2026-01-02T00:00Z

            Exit codes: 0 done, 1 failed, 2 wrong usage, 3 some items failed.
            """,
        version: ProductVersion.current,
        subcommands: [
            ScoreCommand.self, DemoCommand.self, InitCommand.self, ServeCommand.self,
            EventsCommand.self, WindowsCommand.self, DevicesCommand.self, FleetsCommand.self,
            PipelinesCommand.self, RunsCommand.self,
            PredictionsCommand.self, WorkersCommand.self, StatusCommand.self,
            ConfigCommand.self, SimulateCommand.self, WorkerCommand.self,
        ]
    )

    /// Runs a command; every failure is one line on standard error with the exit code it means.
    static func main() async {
        MetricsSystem.bootstrap(PrometheusRegistry.shared)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as FleetError {
            Terminal.complain("error: \(error)")
            exit(withError: ExitCode(error.code.exitCode))
        } catch let error where error is ExitCode || error is CleanExit {
            exit(withError: error)
        } catch is CancellationError {
            exit(withError: ExitCode(130))
        } catch {
            let code = exitCode(for: error)
            guard code != .success else { exit(withError: error) }
            // Usage errors of the parser: its own message, our exit code.
            Terminal.complain(fullMessage(for: error))
            exit(withError: code == .validationFailure ? ExitCode(2) : code)
        }
    }
}
