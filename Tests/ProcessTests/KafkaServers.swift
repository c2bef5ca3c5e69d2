import Core
import FoundationEssentials

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A Kafka broker beside the tests, with its data in their folder.
struct KafkaBroker {
    let child: ChildProcess
    let address: String

    /// The program, nil when it is not installed.
    static let program: String? = {
        guard let venv = ProcessInfo.processInfo.environment["FLEETSCORE_KAFKA_VENV"] else {
            return nil
        }
        let library = venv + "/lib"
        let versions =
            (try? FileManager.default.contentsOfDirectory(atPath: library)) ?? []
        return versions.map { "\(library)/\($0)/site-packages/noida_db/noida-db" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// Continuous integration has it, so that there the tests fail instead of being skipped.
    static let isMissing = program == nil && ProcessInfo.processInfo.environment["CI"] != "true"

    /// Starts a broker on a free port and waits until it listens.
    static func start(in folder: TemporaryFolder) async throws -> KafkaBroker {
        guard let program else {
            throw ProcessProblem(
                "no broker: run scripts/setup.sh --tests, set FLEETSCORE_KAFKA_VENV"
            )
        }
        let port = try FreePort.find()
        var words = [
            program, "start", "--only", "kafka", "--kafka-port", "\(port)", "--data-dir",
            folder.at("broker"),
        ]
        // It is a stranger's program, so that it never runs as root.
        if getuid() == 0 {
            words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] + words
            chmod(folder.path, 0o777)
        }
        let child = try ChildProcess(words[0], Array(words.dropFirst()), folder: folder.path)
        try await eventually("a broker that listens") {
            if let code = child.exitCode {
                throw ProcessProblem("the broker ended with \(code): \(child.errors)")
            }
            return FreePort.isListening(port)
        }
        return KafkaBroker(child: child, address: "127.0.0.1:\(port)")
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
