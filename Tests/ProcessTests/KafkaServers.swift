import Core
import FoundationEssentials

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The broker in memory that comes with librdkafka, in a process of its own.
final class KafkaBroker {
    let child: ChildProcess
    let address: String
    /// The broker ends when its input does.
    private let input: Int32

    /// The tests' helper program, which lies where the product's lies.
    static let program =
        Binary.path.split(separator: "/", omittingEmptySubsequences: false)
        .dropLast().joined(separator: "/") + "/KafkaPeer"

    static var isThere: Bool { FileManager.default.isExecutableFile(atPath: program) }

    private init(child: ChildProcess, address: String, input: Int32) {
        self.child = child
        self.address = address
        self.input = input
    }

    deinit { close(input) }

    /// Starts a broker with one topic and waits until it says where it listens.
    static func start(
        topic: String,
        partitionCount: Int,
        in folder: TemporaryFolder
    ) async throws -> KafkaBroker {
        let pipe = folder.at("broker.pipe")
        guard mkfifo(pipe, 0o600) == 0 else { throw ProcessProblem("cannot make \(pipe)") }
        let input = open(pipe, O_RDWR)
        guard input >= 0 else { throw ProcessProblem("cannot open \(pipe)") }
        let child = try ChildProcess(
            "/bin/sh",
            ["-c", "exec \"$0\" broker < broker.pipe", program],
            folder: folder.path
        )
        let line = Array("\(topic) \(partitionCount)\n".utf8)
        guard write(input, line, line.count) == line.count else {
            throw ProcessProblem("cannot write to \(pipe)")
        }
        try await eventually("a broker with a topic: \(child.errors)") {
            if let code = child.exitCode {
                throw ProcessProblem("the broker ended with \(code): \(child.errors)")
            }
            return child.output.split(separator: "\n").contains("ok")
        }
        let address = child.output.split(separator: "\n").first.map(String.init) ?? ""
        return KafkaBroker(child: child, address: address, input: input)
    }
}

/// Ports of this machine.
enum FreePort {
    /// A port that nobody listens on right now.
    static func find() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw ProcessProblem("no socket") }
        defer { close(descriptor) }
        var address = loopback(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard bound else { throw ProcessProblem("no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Whether something accepts connections at a port.
    static func isListening(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = loopback(port)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private static func loopback(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return address
    }
}
