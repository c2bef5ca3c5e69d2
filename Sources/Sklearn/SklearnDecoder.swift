public import Inference

/// Reads scikit-learn models from pickle and joblib files without running anything in them.
///
/// A restricted pickle machine builds plain values; only globals on a fixed list are accepted, and
/// none of them is ever imported or called. Protocols 0 to 5, joblib files (0.10 and later) with
/// raw arrays, and whole files compressed with zlib, gzip, bz2, xz, lzma or lz4 are read.
public enum SklearnDecoder {
    /// Decodes a fitted estimator, or a Pipeline that ends in one.
    ///
    /// - Range: files up to 256 MiB, before and after decompression.
    /// - Throws: ``SklearnError``; its message names the file by `name`.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer,
        name: String
    ) throws(SklearnError) -> ModelParameters {
        try decode(bytes, name: name, limits: DecodeLimits())
    }

    /// Decodes under other limits than the default ones.
    static func decode(
        _ bytes: UnsafeRawBufferPointer,
        name: String,
        limits: DecodeLimits
    ) throws(SklearnError) -> ModelParameters {
        var reader = SklearnReader(limits: limits)
        return try reader.decode(bytes, name: name)
    }
}

/// Decodes many files one after another in the same memory; see ``SklearnDecoder``.
///
/// - Concurrency: one a thread.
public struct SklearnReader: ~Copyable {
    private var machine: PickleMachine
    private let limits: DecodeLimits

    public init() { self.init(limits: DecodeLimits()) }

    init(limits: DecodeLimits) {
        self.limits = limits
        machine = PickleMachine(limits: limits)
    }

    /// Decodes one file as ``SklearnDecoder/decode(_:name:)`` does.
    ///
    /// - Throws: ``SklearnError``; its message names the file by `name`.
    public mutating func decode(
        _ bytes: UnsafeRawBufferPointer,
        name: String
    ) throws(SklearnError) -> ModelParameters {
        do {
            return try decode(file: bytes)
        } catch {
            throw error.naming(name)
        }
    }

    private mutating func decode(
        file: UnsafeRawBufferPointer
    ) throws(SklearnError) -> ModelParameters {
        guard file.count <= limits.inputBytes else {
            throw .limit(
                "the file has \(file.count) bytes, more than the \(limits.inputBytes) allowed"
            )
        }
        let encoding = try FileEncoding.detect(file)
        guard encoding != .plain else { return try decode(pickle: file) }
        let unpacked = try Decompression.unpack(file, encoding, limit: limits.inflatedBytes)
        // Array.withUnsafeBytes loses the error type, so the outcome travels as a value.
        return try unpacked.withUnsafeBytes { bytes in
            Result { () throws(SklearnError) in try decode(pickle: bytes) }
        }.get()
    }

    private mutating func decode(
        pickle: UnsafeRawBufferPointer
    ) throws(SklearnError) -> ModelParameters {
        machine.reset(to: pickle)
        let root = try machine.run()
        var builder = ModelBuilder(arena: machine.arena)
        return try builder.build(root)
    }
}
