import ArgumentParser
import Blobs
import Compute
import Core
import Dispatch
import FoundationEssentials
import Scoring
#if canImport(Glibc)
import Glibc
#endif

/// Executes tasks: one named by options, or one after another as they arrive on standard input.
///
/// Ends by itself when standard input closes, so that no worker outlives its server.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Execute scoring tasks; started by compute targets.",
        discussion: """
            Example:
              fleetscore worker --blobs file:///srv/fleetscore/blobs --run R --task 0

            Without --run it reads one JSON ticket a line on standard input:
              {"run":"R","task":0,"attempt":1}

            Exit codes: 0 done, 42 permanent failure, 75 transient failure, 143 asked to stop.
            """
    )

    @Option(help: "Blob storage, as a file:// URL.")
    var blobs: String

    @Option(help: "The run's id.")
    var run: String?

    @Option(help: "The task's number within the run.")
    var task: Int?

    @Option(help: "The attempt's number, from 1.")
    var attempt: Int = 1

    func run() async throws {
        let executor = TaskExecutor(blobs: try BlobsURL.open(blobs))
        guard let run else {
            try await serve(executor)
            return
        }
        guard let task else {
            throw FleetError(.invalidArgument, "--run needs --task", hint: "pass --task N")
        }
        let answer = await execute(TaskTicket(run: run, task: task, attempt: attempt), executor)
        if let message = answer.message { Terminal.complain("error: \(message)") }
        guard answer.exit == WorkerExit.done else { throw ExitCode(answer.exit) }
    }

    private struct Answer: Encodable {
        let ticket: TaskTicket
        let exit: Int32
        let message: String?
        let seconds: Double
    }

    private func execute(_ ticket: TaskTicket, _ executor: TaskExecutor) async -> Answer {
        do {
            let result = try await executor.execute(
                run: ticket.run,
                task: ticket.task,
                attempt: ticket.attempt
            )
            return Answer(
                ticket: ticket,
                exit: WorkerExit.done,
                message: nil,
                seconds: result.seconds
            )
        } catch {
            let isTransient =
                (error as? FleetError).map {
                    $0.isRetriable || $0.code == .internal
                } ?? true
            return Answer(
                ticket: ticket,
                exit: isTransient ? WorkerExit.transientFailure : WorkerExit.permanentFailure,
                message: "\(error)",
                seconds: 0
            )
        }
    }

    private func serve(_ executor: TaskExecutor) async throws {
        for await line in StandardInput.lines() {
            guard !line.isEmpty else { continue }
            let ticket: TaskTicket
            do {
                ticket = try JSONDecoder().decode(TaskTicket.self, from: Data(line.utf8))
            } catch {
                throw FleetError(
                    .invalidArgument,
                    "\"\(line.prefix(80))\" is no task ticket",
                    hint: "write {\"run\":\"R\",\"task\":0,\"attempt\":1}"
                )
            }
            try Terminal.sayJSON(await execute(ticket, executor))
        }
    }
}

/// Lines of standard input, read on a thread of their own since reading blocks.
enum StandardInput {
    static func lines() -> AsyncStream<String> {
        AsyncStream(bufferingPolicy: .bufferingOldest(1024)) { continuation in
            DispatchQueue(label: "fleetscore.stdin").async {
                while let line = readLine(strippingNewline: true) {
                    if case .dropped = continuation.yield(line) { break }
                }
                continuation.finish()
            }
        }
    }
}
