import Core
import TestKit

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A process that a test has started and ends by its id.
///
/// Nothing here waits on a thread of the tests' pool, which has few.
final class ChildProcess {
    private let pid: pid_t
    private var status: Int32?

    /// Starts a program by its path or, without a slash, from the search path; output is dropped.
    init(_ program: String, _ arguments: [String]) throws {
        let words = [program] + arguments
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor: Int32 in 0...2 {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        // Connections of other tests are not for this process to hold open.
        for descriptor: Int32 in 3..<4096 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        // Threads of a pool block signals, and a child would inherit that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let pointers = words.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, program, &actions, &attributes, pointers, environ)
        guard code == 0 else { throw FleetError(.unavailable, "cannot start \(program): \(code)") }
        self.pid = pid
    }

    deinit {
        guard isRunning else { return }
        kill(pid, SIGKILL)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
    }

    var isRunning: Bool {
        guard status == nil else { return false }
        var status: Int32 = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return true }
        self.status = status
        return false
    }

    /// Asks the process to end.
    func terminate() {
        if isRunning { kill(pid, SIGTERM) }
    }

    /// Waits for the end; whether it was a good one.
    func wait() async throws -> Bool {
        try await SourceContract.until("process \(pid) ends") { !isRunning }
        return status == 0
    }
}
