package import Inference
import Sklearn

/// Pickle and joblib files of scikit-learn, plain or compressed as a whole.
package enum PickleFormat: ModelFormat {
    package static let name = "scikit-learn"

    package static func recognizes(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count > 1, let first = bytes.first else { return false }
        // PROTO of protocols 2 to 5, zlib, gzip.
        return first == 0x80 || first == 0x78 || (first == 0x1F && bytes[1] == 0x8B)
    }

    package static func decode(
        _ bytes: UnsafeRawBufferPointer,
        path: String,
        metadata: ModelMetadata,
        tools: inout FormatTools
    ) throws -> ModelContent {
        let decoded = try tools.pickles.decode(bytes, name: path)
        guard !metadata.isEmpty else { return ModelContent(parameters: decoded) }
        return ModelContent(
            parameters: try decoded.applying(metadata),
            golden: metadata.golden
        )
    }
}
