import ArgumentParser
import Core
import FoundationEssentials
import UnixSignals

/// Shows the whole product on a made-up plant in under a minute.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show the whole product on a made-up plant, in under a minute.",
        discussion: """
            Examples:
              fleetscore demo
              fleetscore demo --keep

            Starts a server in a temporary folder, sends a day of history of 600 sensors with
            injected faults, scores it with pretrained models, then streams live. Exits with 1 when
            precision or recall per fault is below 0.9.
            """
    )

    @Option(help: "Archive of the plant's models; found beside the program when left out.")
    var fleet: String?

    @Option(help: "Seed of noise and faults; the models were trained with another one.")
    var seed: UInt64 = 42

    @Option(help: "Folder for the server's data; a new temporary one when left out.")
    var dataDir: String?

    @Flag(help: "Keep the server and its status page running until Ctrl-C.")
    var keep = false

    func run() async throws {
        let archive = try Files.bytes(try fleetPath())
        let folder = try dataFolder()
        let demo = Demo(archive: archive, seed: seed, folder: folder, keep: keep)
        let isDone = try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { try await demo.run() }
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
                    throw Interrupted()
                }
                return false
            }
            defer { group.cancelAll() }
            do {
                return try await group.next() ?? false
            } catch is Interrupted {
                group.cancelAll()
                do { while try await group.next() != nil {} } catch {
                    // The demo was cancelled, which is what Ctrl-C asks for.
                }
                Terminal.complain("\ninterrupted; the data so far is in \(folder)")
                throw ExitCode(130)
            }
        }
        guard isDone else { throw ExitCode(1) }
    }

    private struct Interrupted: Error {}

    /// The archive given, beside the program as packages install it, or in the source tree.
    private func fleetPath() throws -> String {
        if let fleet { return fleet }
        let program = try Machine.executablePath()
        let folder = program.split(separator: "/").dropLast().joined(separator: "/")
        let candidates = [
            "/\(folder)/../share/fleetscore/demo-fleet.tar.gz", "Demo/demo-fleet.tar.gz",
        ]
        for path in candidates where FileManager.default.fileExists(atPath: path) { return path }
        throw FleetError(
            .notFound,
            "the demo's models were not found",
            hint: "pass --fleet demo-fleet.tar.gz"
        )
    }

    private func dataFolder() throws -> String {
        if let dataDir { return Files.absolute(dataDir) }
        let path =
            FileManager.default.temporaryDirectory.path
            + "/fleetscore-demo-\(UInt32.random(in: 0...UInt32.max))"
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true
            )
        } catch {
            throw FleetError(.unavailable, "cannot make the folder \(path)", cause: error)
        }
        return path
    }
}
