import Inference
import Sklearn

/// Decodes, encodes and scores what may be a scikit-learn file.
enum SklearnTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) {
        guard let model = decoded(bytes) else { return }
        Scoring.check(model)
    }

    /// The model, nil when the file is refused.
    private static func decoded(_ bytes: UnsafeRawBufferPointer) -> ModelParameters? {
        do throws(SklearnError) {
            return try SklearnDecoder.decode(bytes, name: "input")
        } catch {
            require(!error.message.isEmpty, "a refusal says why")
            return nil
        }
    }
}
