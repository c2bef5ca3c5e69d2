import Client
import FoundationEssentials
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The built program under test.
enum Binary {
    /// `FLEETSCORE_BINARY`, else the program beside the test executable.
    static let path: String = {
        if let path = ProcessInfo.processInfo.environment["FLEETSCORE_BINARY"] { return path }
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let bytes = buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
        let own = String(decoding: bytes, as: UTF8.self)
        let folder = own.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        return folder.joined(separator: "/") + "/fleetscore"
    }()

    static var isThere: Bool { FileManager.default.isExecutableFile(atPath: path) }

    /// What a command said.
    struct Answer: CustomStringConvertible {
        let exitCode: Int32
        let output: String
        let errors: String

        var outputLines: [Substring] { output.split(separator: "\n") }
        var errorLines: [Substring] { errors.split(separator: "\n") }

        var description: String { "exit code \(exitCode)\n\(output.prefix(4000))\n\(errors)" }

        /// The output as one JSON value.
        func json<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
            do {
                return try JSONDecoder().decode(Value.self, from: Data(output.utf8))
            } catch {
                throw ProcessProblem("no \(Value.self) in \(self): \(error)")
            }
        }
    }

    /// Runs a command to its end.
    static func run(
        _ arguments: [String],
        in folder: TemporaryFolder,
        within limit: Duration = .seconds(60)
    ) async throws -> Answer {
        let child = try ChildProcess(path, arguments, folder: folder.path)
        let code = try await child.end(within: limit)
        return Answer(exitCode: code, output: child.output, errors: child.errors)
    }

    /// What a check and a server say of a configuration that both must refuse in one line.
    static func refusals(of file: String, in folder: TemporaryFolder) async throws -> [Answer] {
        let check = try await run(["config", "check", file], in: folder)
        let server = try await run(
            ["serve", "--config", file, "--listen", "127.0.0.1:0"],
            in: folder,
            within: .seconds(20)
        )
        for answer in [check, server] {
            #expect(answer.exitCode == 2 && answer.errorLines.count == 1, "\(answer)")
        }
        return [check, server]
    }

    /// Runs another program to its end and answers its output.
    static func output(
        of program: String,
        _ arguments: [String],
        in folder: TemporaryFolder
    ) async throws -> String {
        let child = try ChildProcess(program, arguments, folder: folder.path)
        guard try await child.end() == 0 else {
            throw ProcessProblem("\(program) failed: \(child.errors)")
        }
        return child.output
    }

    /// Whether a program is in the path.
    static func has(_ program: String) -> Bool {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/\(program)")
        }
    }
}

/// A running server.
struct RunningServer {
    let child: ChildProcess
    let address: String
    let client: FleetscoreClient

    /// Starts a server on a free port and waits until it answers.
    static func start(
        data: String,
        config: String? = nil,
        environment: [String] = [],
        in folder: TemporaryFolder
    ) async throws -> RunningServer {
        let child = try launch(data: data, config: config, environment: environment, in: folder)
        return try await ready(child)
    }

    /// Starts a server, with variables as `NAME=VALUE` if need be, and does not wait.
    static func launch(
        data: String,
        config: String? = nil,
        environment: [String] = [],
        in folder: TemporaryFolder
    ) throws -> ChildProcess {
        try ChildProcess(
            "env",
            environment + [Binary.path]
                + ["serve", "--listen", "127.0.0.1:0", "--data-dir", data]
                + ["--log-level", "warning"] + (config.map { ["--config", $0] } ?? []),
            folder: folder.path
        )
    }

    /// Waits until a started server says where it listens.
    static func ready(_ child: ChildProcess) async throws -> RunningServer {
        var address: String?
        try await eventually("a server that listens: \(child.errors)") {
            if let code = child.exitCode {
                throw ProcessProblem("the server ended with \(code): \(child.errors)")
            }
            address = child.errors.split(separator: "\n").lazy.compactMap(Self.address).first
            return address != nil
        }
        let found = address ?? ""
        return RunningServer(
            child: child,
            address: found,
            client: try FleetscoreClient(server: found, timeout: .seconds(20))
        )
    }

    private static func address(_ line: Substring) -> String? {
        let mark = "fleetscore listens on "
        guard line.hasPrefix(mark), let comma = line.firstIndex(of: ",") else { return nil }
        return String(line[..<comma].dropFirst(mark.count))
    }

    /// Runs a command against this server.
    func run(
        _ arguments: [String],
        in folder: TemporaryFolder,
        within limit: Duration = .seconds(60)
    ) async throws -> Binary.Answer {
        try await Binary.run(arguments + ["--server", address], in: folder, within: limit)
    }

    /// Asks it to end and expects that it does so in time, with exit code 0.
    func expectCleanEnd(within limit: Duration = .seconds(30)) async throws {
        child.send(SIGTERM)
        let code = try await child.end(within: limit)
        #expect(code == 0, "\(child.errors)")
    }
}
