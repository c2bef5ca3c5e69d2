import Blobs
import Fleets
import HTTPTypes
import Hummingbird
import Service

/// A version as one archive, written piece by piece from where its layers are stored.
enum FleetExportAnswer {
    private static let pieceByteCount = 256 << 10

    static func response(_ export: FleetRegistry.Export) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "application/x-tar"],
            body: ResponseBody(contentLength: export.byteCount) { writer in
                try await writer.write(ByteBuffer(bytes: export.frame.before))
                for (layer, after) in zip(export.layers, export.frame.after) {
                    var start = 0
                    while start < layer.count {
                        let end = min(start + pieceByteCount, layer.count)
                        let piece = layer.withBytes { ByteBuffer(bytes: $0[start..<end]) }
                        try await writer.write(piece)
                        start = end
                    }
                    try await writer.write(ByteBuffer(bytes: after))
                }
                try await writer.finish(nil)
            }
        )
    }
}
