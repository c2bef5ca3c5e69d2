public import Inference

/// Reads scikit-learn models from pickle and joblib files without running anything in them.
///
/// A restricted pickle machine builds plain values; only globals on a fixed list are accepted, and
/// none of them is ever imported or called. Protocols 0 to 5, joblib files (0.10 and later) with
/// raw arrays, and whole-file zlib or gzip compression are read.
public enum SklearnDecoder {
    /// Decodes a Pipeline that ends in a OneClassSVM, or a bare OneClassSVM.
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
        do {
            return try decode(file: bytes, limits: limits)
        } catch {
            throw error.naming(name)
        }
    }

    private static func decode(
        file: UnsafeRawBufferPointer,
        limits: DecodeLimits
    ) throws(SklearnError) -> ModelParameters {
        guard file.count <= limits.inputBytes else {
            throw .limit(
                "the file has \(file.count) bytes, more than the \(limits.inputBytes) allowed"
            )
        }
        switch try FileEncoding.detect(file) {
        case .plain:
            return try decode(pickle: file, limits: limits)
        case .deflated:
            let inflated = try inflate(file, limit: limits.inflatedBytes)
            // Array.withUnsafeBytes loses the error type, so the outcome travels as a value.
            return try inflated.withUnsafeBytes { bytes in
                Result { () throws(SklearnError) in try decode(pickle: bytes, limits: limits) }
            }.get()
        }
    }

    private static func decode(
        pickle: UnsafeRawBufferPointer,
        limits: DecodeLimits
    ) throws(SklearnError) -> ModelParameters {
        var machine = PickleMachine(pickle, limits: limits)
        let root = try machine.run()
        var lowering = EstimatorLowering(arena: machine.arena)
        return try lowering.lower(root)
    }
}
