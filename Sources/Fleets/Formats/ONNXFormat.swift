package import Inference
import ONNX

/// ONNX files, as skl2onnx, onnxmltools and the exporters of small networks write them.
package enum ONNXFormat: ModelFormat {
    package static let name = "ONNX"

    package static func recognizes(_ bytes: UnsafeRawBufferPointer) -> Bool {
        // Field 1 of a ModelProto: the format version, a small number.
        bytes.count > 2 && bytes[0] == 0x08 && bytes[1] < 0x80
    }

    package static func decode(
        _ bytes: UnsafeRawBufferPointer,
        path: String,
        metadata: ModelMetadata,
        tools: inout FormatTools
    ) throws -> ModelContent {
        let model = try ONNXDecoder.decode(Array(bytes), name: path)
        let all = try ONNXModelLowering.metadata(of: model).overridden(by: metadata)
        return ModelContent(
            parameters: try ONNXModelLowering.lower(model, metadata: metadata),
            golden: all.golden,
            goldenTolerance: ModelChecks.goldenFloatTolerance
        )
    }
}
