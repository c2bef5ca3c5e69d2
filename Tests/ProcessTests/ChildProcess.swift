import FoundationEssentials
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Something a process test needed and did not get.
struct ProcessProblem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// A started program with its outputs in files; killed when nobody holds it any more.
final class ChildProcess: Sendable {
    let processID: pid_t
    let outputPath: String
    let errorPath: String
    /// The wait status once it has ended.
    private let status = Mutex<Int32?>(nil)

    /// Starts a program in a folder, with nothing to read and no settings from the environment.
    init(_ program: String, _ arguments: [String], folder: String) throws {
        let name = "process-\(Self.number.wrappingAdd(1, ordering: .relaxed).newValue)"
        outputPath = "\(folder)/\(name).out"
        errorPath = "\(folder)/\(name).err"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let flags = O_WRONLY | O_CREAT | O_TRUNC
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, flags, 0o644)
        posix_spawn_file_actions_addopen(&actions, 2, errorPath, flags, 0o644)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var mask = sigset_t()
        sigemptyset(&mask)
        posix_spawnattr_setsigmask(&attributes, &mask)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let environment = ProcessInfo.processInfo.environment
            .filter { !$0.key.hasPrefix("FLEETSCORE_") }.map { "\($0.key)=\($0.value)" }
        // posix_spawn itself cannot change the folder everywhere; env becomes the program.
        let texts = (["env", "-C", folder, program] + arguments).map { strdup($0) }
        let variables = environment.map { strdup($0) }
        defer { (texts + variables).forEach { free($0) } }
        var processID: pid_t = 0
        let failure = posix_spawnp(
            &processID,
            "env",
            &actions,
            &attributes,
            texts + [nil],
            variables + [nil]
        )
        guard failure == 0 else {
            throw ProcessProblem("cannot start \(program): error \(failure)")
        }
        self.processID = processID
    }

    deinit {
        guard status.withLock({ $0 }) == nil else { return }
        kill(processID, SIGKILL)
        var ignored: Int32 = 0
        waitpid(processID, &ignored, 0)
    }

    private static let number = Atomic<Int>(0)

    var output: String { Self.text(outputPath) }
    var errors: String { Self.text(errorPath) }

    /// The exit code, or the negative signal that ended it; nil while it runs.
    var exitCode: Int32? {
        status.withLock { status in
            if status == nil {
                var found: Int32 = 0
                if waitpid(processID, &found, WNOHANG) == processID { status = found }
            }
            return status.map { $0 & 0x7F == 0 ? ($0 >> 8) & 0xFF : -($0 & 0x7F) }
        }
    }

    /// Sends a signal, unless it has ended.
    func send(_ signal: Int32) {
        if exitCode == nil { kill(processID, signal) }
    }

    /// Waits for its end and answers the exit code; kills what takes longer.
    func end(within limit: Duration = .seconds(60)) async throws -> Int32 {
        let clock = ContinuousClock()
        let deadline = clock.now + limit
        while true {
            if let exitCode { return exitCode }
            guard clock.now < deadline else {
                send(SIGKILL)
                throw ProcessProblem("process \(processID) still ran after \(limit): \(errors)")
            }
            try await clock.sleep(for: .milliseconds(2))
        }
    }

    private static func text(_ path: String) -> String {
        do {
            return String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
        } catch {
            return ""
        }
    }
}

extension ChildProcess {
    /// What `/proc` says of its memory under a name such as `VmHWM`, in bytes.
    func memory(_ name: String) throws -> Int {
        let status = FileManager.default.contents(atPath: "/proc/\(processID)/status")
        let line = String(decoding: status ?? Data(), as: UTF8.self).split(separator: "\n")
            .first { $0.hasPrefix(name + ":") }
        guard let words = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }),
            words.count >= 2, let kilobytes = Int(words[1])
        else { throw ProcessProblem("no \(name) of process \(processID)") }
        return kilobytes << 10
    }
}

/// Whether a process runs; one that ended and was not waited for does not.
func isRunning(_ processID: pid_t) -> Bool {
    guard
        let stat = FileManager.default.contents(atPath: "/proc/\(processID)/stat"),
        let text = String(data: stat, encoding: .utf8), let bracket = text.lastIndex(of: ")")
    else { return false }
    return !text[bracket...].hasPrefix(") Z")
}

/// Asks a question again and again until the answer is yes.
func eventually(
    within limit: Duration = .seconds(60),
    _ what: String,
    _ question: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while try await !question() {
        guard clock.now < deadline else { throw ProcessProblem("waited \(limit) for \(what)") }
        try await clock.sleep(for: .milliseconds(10))
    }
}
