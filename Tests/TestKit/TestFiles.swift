import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Files of the repository that tests read.
package enum TestFiles {
    /// A model file written by scikit-learn, such as `sklearn-1.1.3/rbf_standard.p4`.
    package static func sklearn(_ name: String) throws -> [UInt8] {
        let tests = #filePath.split(separator: "/").dropLast(2).reduce(into: "") { $0 += "/" + $1 }
        return try read("\(tests)/SklearnTests/Fixtures/\(name)")
    }

    /// The whole content of a file.
    package static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "rb") else {
            throw FleetError(.notFound, "cannot open \(path)")
        }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 {
            bytes.append(contentsOf: chunk.prefix(count))
        }
        return bytes
    }
}
