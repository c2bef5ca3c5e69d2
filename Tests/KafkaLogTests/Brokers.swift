import Foundation
import Synchronization
import Testing

/// Something a test needed and did not get.
struct BrokerProblem: Error, CustomStringConvertible {
    let description: String
}

/// A program beside the tests; it is killed when nobody holds it any more.
// SAFETY: everything is set in init; Process and the handles are used by one test.
final class SideProcess: @unchecked Sendable {
    private let process = Process()
    private let input = Pipe()
    let output: FileHandle

    init(_ program: String, _ arguments: [String], folder: String? = nil) throws {
        let pipe = Pipe()
        output = pipe.fileHandleForReading
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardInput = input
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
        try process.run()
    }

    /// Helpers end when their input does.
    deinit {
        try? input.fileHandleForWriting.close()
        for _ in 0..<300 where process.isRunning { usleep(10_000) }
        kill()
    }

    var isRunning: Bool { process.isRunning }

    /// Ends it at once and waits.
    func kill() {
        if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    /// Asks it to end with a line, for at most ten seconds, and waits.
    func end() throws {
        try send("end")
        for _ in 0..<1000 where process.isRunning { usleep(10_000) }
        guard !process.isRunning else { throw BrokerProblem(description: "it does not end") }
    }

    func send(_ line: String) throws {
        try input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
    }

    /// The next line it prints; blocks until it is there or the program ends.
    func line() throws -> String {
        var bytes: [UInt8] = []
        while let byte = try output.read(upToCount: 1)?.first, byte != 0x0A { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The broker in memory that comes with librdkafka, in a process of its own.
final class MockBroker: Sendable {
    let address: String
    private let process: SideProcess
    private let talk = Mutex(())

    init() throws {
        process = try SideProcess(PeerProgram.path, ["broker"])
        address = try process.line()
        guard !address.isEmpty else { throw BrokerProblem(description: "no mock broker") }
    }

    /// Makes a topic with a new name.
    func topic(_ partitionCount: Int = 4) throws -> String {
        try talk.withLock { _ in
            let name = TopicNames.next()
            try process.send("\(name) \(partitionCount)")
            let answer = try process.line()
            guard answer == "ok" else { throw BrokerProblem(description: "topic: \(answer)") }
            return name
        }
    }

    /// Ends it for good, with all it holds.
    func kill() { process.kill() }

    /// One for all tests that do not disturb it.
    static let shared = Result { try MockBroker() }
}

/// The tests' own helper program, which lies where the tests lie.
enum PeerProgram {
    static var path: String {
        let own =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let folder =
            ProcessInfo.processInfo.environment["FLEETSCORE_BIN"]
            ?? URL(fileURLWithPath: CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? own)
            .deletingLastPathComponent().path
        return folder + "/KafkaPeer"
    }
}

enum TopicNames {
    private static let number = Atomic(0)

    static func next() -> String {
        let number = number.wrappingAdd(1, ordering: .relaxed).newValue
        return "test-\(getpid())-\(number)"
    }
}

/// A broker that keeps its data over a restart, from the package in the tests' own environment.
final class DurableBroker: Sendable {
    let port: Int
    var address: String { "127.0.0.1:\(port)" }
    private let folder: URL
    private let process = Mutex<SideProcess?>(nil)

    /// The program, nil when it is not installed.
    static let program: String? = {
        guard let venv = ProcessInfo.processInfo.environment["FLEETSCORE_KAFKA_VENV"] else {
            return nil
        }
        let library = venv + "/lib"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: library)) ?? []
        return versions.map { "\(library)/\($0)/site-packages/noida_db/noida-db" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// One for all tests that do not disturb it.
    static let shared = Result { try DurableBroker() }

    static let howToGetIt: Comment =
        "no broker that stores: run scripts/setup.sh --tests, set FLEETSCORE_KAFKA_VENV"

    /// Continuous integration has it, so that there these tests fail instead of being skipped.
    static let isMissing = program == nil && ProcessInfo.processInfo.environment["CI"] != "true"

    init() throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("kafka-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        chmod(folder.path, 0o777)
        port = try Self.freePort()
        try start()
    }

    deinit {
        process.withLock { $0 = nil }
        try? FileManager.default.removeItem(at: folder)
    }

    /// Starts it and waits until it listens.
    func start() throws {
        guard let program = Self.program else {
            throw BrokerProblem(description: "set FLEETSCORE_KAFKA_VENV, see scripts/setup.sh")
        }
        var words = [
            program, "start", "--only", "kafka", "--kafka-port", "\(port)", "--data-dir",
            folder.path + "/data",
        ]
        // It is a stranger's program, so that it never runs as root.
        if getuid() == 0 {
            words =
                ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] + words
        }
        let started = try SideProcess(PeerProgram.path, ["guard"] + words, folder: folder.path)
        process.withLock { $0 = started }
        for _ in 0..<500 {
            if Self.isListening(port) { return }
            guard started.isRunning else { break }
            usleep(20_000)
        }
        throw BrokerProblem(description: "the broker does not listen at port \(port)")
    }

    /// Ends it as a restart of the machine would, saving its data.
    func stop() throws {
        try process.withLock { process in
            try process?.end()
            process = nil
        }
    }

    private static func isListening(_ port: Int) -> Bool {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        return withAddress(port) { connect(socket, $0, $1) } == 0
    }

    private static func freePort() throws -> Int {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        guard withAddress(0, { bind(socket, $0, $1) }) == 0 else {
            throw BrokerProblem(description: "no free port")
        }
        var address = sockaddr_in()
        var count = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(socket, $0, &count)
            }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private static func withAddress<Value>(
        _ port: Int,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value
    ) -> Value {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
