import Core
import Inference
import Packs

/// Turns one model file into what a pack keeps of it.
enum ModelReading {
    /// A decoded model.
    struct Decoded {
        var block: [UInt8]
        var description: ModelDescription
        var findings: [ModelFinding]
    }

    /// Decodes a file and runs the checks that need nothing else.
    ///
    /// - Throws: ``FleetError`` whose message names the file.
    static func decode(
        _ bytes: UnsafeRawBufferPointer,
        path: String,
        metadata: [ImportMetadata],
        tools: inout FormatTools
    ) throws(FleetError) -> Decoded {
        do {
            let common = metadata.reduce(ModelMetadata()) { $0.overridden(by: $1.value) }
            let content = try ModelFormats.format(of: bytes)
                .decode(bytes, path: path, metadata: common, tools: &tools)
            let block = try ModelEncoder.encode(content.parameters)
            var findings = ModelChecks.degeneracy(of: content.parameters)
            if !content.golden.isEmpty {
                findings += try golden(content, block)
            }
            return Decoded(
                block: block,
                description: ModelDescription(of: content.parameters, byteCount: block.count),
                findings: findings
            )
        } catch let error as FleetError {
            throw error
        } catch {
            let text = "\(error)"
            throw FleetError(.invalidArgument, text.contains(path) ? text : "\(path): \(text)")
        }
    }

    private static func golden(_ content: ModelContent, _ block: [UInt8]) throws -> [ModelFinding] {
        // A pack's blocks are aligned; an array's bytes need not be.
        let aligned = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(1, block.count),
            alignment: 64
        )
        defer { aligned.deallocate() }
        aligned.copyBytes(from: block)
        return try ModelChecks.golden(
            ModelView(validating: UnsafeRawBufferPointer(rebasing: aligned[..<block.count])),
            content.golden,
            tolerance: content.goldenTolerance
        )
    }

    /// What says that a file and its metadata have not changed: their SHA-256.
    ///
    /// Without metadata it is the SHA-256 of the file.
    static func digest(
        _ bytes: UnsafeRawBufferPointer,
        metadata: [ImportMetadata]
    ) -> PackDigest {
        let own = PackDigest(of: bytes)
        guard !metadata.isEmpty else { return own }
        var text = Array(own.hex.utf8)
        for part in metadata {
            text.append(0)
            text += part.json
        }
        return PackDigest(of: text)
    }
}
