import Core

#if canImport(Glibc)
import Glibc
#endif

/// The standard input of this process, as a whole.
enum WholeInput {
    /// All bytes until its end.
    static func read() throws -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = piece.withUnsafeMutableBytes {
                Glibc.read(STDIN_FILENO, $0.baseAddress, $0.count)
            }
            if count == 0 { return bytes }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw FleetError(
                    .unavailable,
                    "cannot read standard input: \(String(cString: strerror(errno)))",
                    isRetriable: false
                )
            }
            bytes.append(contentsOf: piece[..<count])
        }
    }
}
