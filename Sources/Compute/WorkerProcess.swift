internal import Logging
internal import Subprocess
internal import Synchronization

/// How a pool reaches one worker process and hears from it.
struct WorkerProcess: Sendable {
    let executable: String
    let arguments: [String]
    let environment: [String: String]
    let logger: Logger
    /// Called once with the process id.
    let started: @Sendable (Int32) async -> Void
    /// Called with each line of standard output.
    let answered: @Sendable ([UInt8]) async -> Void

    private static let answerByteCountMax = 1 << 20
    private static let logLineByteCountMax = 4096
    /// Lines of standard error forwarded between two answers.
    private static let logLineCountMax = 1000

    /// Runs the process until it ends and returns its exit code, negative for a signal.
    ///
    /// Its standard input closes when `commands` end. It leads a process group of its own.
    ///
    /// - Throws: when the process cannot be started.
    @concurrent
    func run(commands: AsyncStream<[UInt8]>) async throws -> Int32 {
        var options = PlatformOptions()
        options.processGroupID = 0
        let additions = environment.map { (Environment.Key(stringLiteral: $0), Optional($1)) }
        let budget = LineBudget(Self.logLineCountMax)
        let result = try await Subprocess.run(
            executable.contains("/") ? .path(Self.literal(executable)) : .name(executable),
            arguments: Arguments(arguments),
            environment: .inherit.updating(Dictionary(additions) { $1 }),
            platformOptions: options,
            input: .inputWriter,
            output: .sequence,
            error: .sequence
        ) { execution in
            await started(execution.processIdentifier.value)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await forward(commands, to: execution.standardInputWriter) }
                group.addTask { await log(execution.standardError, budget) }
                await readAnswers(execution.standardOutput, budget)
                group.cancelAll()
            }
        }
        return switch result.terminationStatus {
        case .exited(let code): code
        case .signaled(let signal): -signal
        }
    }

    /// Makes the library's path type without naming the package that declares it.
    private static func literal<Path: ExpressibleByStringLiteral>(_ text: String) -> Path
    where Path.StringLiteralType == String {
        Path(stringLiteral: text)
    }

    private func forward(
        _ commands: AsyncStream<[UInt8]>,
        to input: StandardInputWriter
    ) async {
        do {
            for await command in commands { _ = try await input.write(command) }
            try await input.finish()
        } catch {
            // The process has ended; its exit code tells more.
            logger.debug("worker input closed", metadata: ["error": "\(error)"])
        }
    }

    private func readAnswers(
        _ output: SubprocessOutputSequence,
        _ budget: LineBudget
    ) async {
        var splitter = LineSplitter(byteCountMax: Self.answerByteCountMax)
        do {
            for try await buffer in output {
                for line in buffer.withUnsafeBytes({ splitter.append($0) }) {
                    budget.refill()
                    await answered(line)
                }
            }
        } catch {
            logger.debug("worker output closed", metadata: ["error": "\(error)"])
        }
    }

    private func log(_ output: SubprocessOutputSequence, _ budget: LineBudget) async {
        var splitter = LineSplitter(byteCountMax: Self.logLineByteCountMax)
        func forward(_ line: [UInt8]) {
            guard budget.take() else { return }
            logger.info(
                "worker log",
                metadata: ["line": "\(String(decoding: line, as: UTF8.self))"]
            )
        }
        do {
            for try await buffer in output {
                buffer.withUnsafeBytes({ splitter.append($0) }).forEach(forward)
            }
            splitter.finish().map(forward)
        } catch {
            logger.debug("worker error output closed", metadata: ["error": "\(error)"])
        }
    }
}

/// Counts down the log lines a worker may still write.
private final class LineBudget: Sendable {
    private let remaining: Atomic<Int>
    private let lineCountMax: Int

    init(_ lineCountMax: Int) {
        self.lineCountMax = lineCountMax
        remaining = Atomic(lineCountMax)
    }

    func take() -> Bool {
        remaining.wrappingSubtract(1, ordering: .relaxed).newValue >= 0
    }

    func refill() {
        remaining.store(lineCountMax, ordering: .relaxed)
    }
}
