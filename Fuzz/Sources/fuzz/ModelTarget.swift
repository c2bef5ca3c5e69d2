import Inference

/// Scores what may be a packed model.
enum ModelTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) {
        do throws(InferenceError) {
            let view = try ModelView(validating: bytes)
            _ = try view.stageDescriptions()
            Scoring.check(view)
        } catch {
            require(!error.message.isEmpty, "a refusal says why")
        }
    }
}
