/// Machines as the comparison programs read them.
///
/// An `i32` count, then for each machine `i32` features, `i32` support vectors, `f64` gamma, `f64`
/// intercept, `f64` vectors (row-major) and `f64` coefficients, all little-endian.
public enum PackedFile {
    /// Reads all machines of a file.
    ///
    /// - Throws: ``PackedFileError`` when the bytes end too early.
    public static func machines(_ bytes: [UInt8]) throws -> [MachineParameters] {
        var offset = 0
        func integer() throws -> Int {
            guard offset + 4 <= bytes.count else { throw PackedFileError(offset: offset) }
            defer { offset += 4 }
            return bytes.withUnsafeBytes {
                Int(Int32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
            }
        }
        func doubles(_ count: Int) throws -> [Double] {
            guard count >= 0, count <= (bytes.count - offset) / 8 else {
                throw PackedFileError(offset: offset)
            }
            defer { offset += count * 8 }
            return bytes.withUnsafeBytes { raw in
                (0..<count).map {
                    raw.loadUnaligned(fromByteOffset: offset + $0 * 8, as: Double.self)
                }
            }
        }
        return try (0..<integer()).map { _ in
            let (features, count) = (try integer(), try integer())
            let numbers = try doubles(2)
            return MachineParameters(
                featureCount: features,
                gamma: numbers[0],
                intercept: numbers[1],
                supportVectors: try doubles(features * count),
                coefficients: try doubles(count)
            )
        }
    }
}

/// A packed file that ends too early.
public struct PackedFileError: Error, CustomStringConvertible {
    public let offset: Int
    public var description: String { "the packed models end too early, at byte \(offset)" }
}
