import Core
package import Inference
package import Packs

/// Small models and packs that tests share.
package enum TestModels {
    /// A one-class SVM whose rows are normal while every feature is within about 1 of a center.
    package static func rbf(center: Double, features: Int = 1) -> ModelParameters {
        let vectors = [center - 0.5, center, center + 0.5]
        return ModelParameters(
            type: "one_class_svm",
            stages: [
                SupportVectorMachine(
                    kernel: .rbf,
                    gamma: 1,
                    coef0: 0,
                    degree: 3,
                    supportVectors: vectors.flatMap { repeatElement($0, count: features) },
                    dualCoefficients: [1, 1, 1],
                    intercept: -1,
                    nu: 0.1,
                    trainingRowCount: 1000
                )
            ],
            head: .aboveZeroIsNormal,
            featureCount: features,
            featureNames: nil,
            source: "test"
        )
    }

    /// A model as a pack takes it; the key is written `device/sensor` or `device`.
    package static func entry(
        _ key: String,
        center: Double = 20,
        features: Int = 1
    ) throws -> PackEntry {
        let model = rbf(center: center, features: features)
        let block = try ModelEncoder.encode(model)
        return PackEntry(
            key: try SeriesKey(parsing: key),
            block: block,
            description: ModelDescription(of: model, byteCount: block.count),
            findings: []
        )
    }

    /// The bytes of a pack.
    package static func pack(_ entries: [PackEntry]) throws -> [UInt8] {
        var writer = PackWriter()
        for entry in entries { try writer.add(entry) }
        return try writer.encode()
    }

    /// Opens a pack that keeps its own copy of the bytes.
    package static func open(_ bytes: [UInt8]) throws -> PackReader {
        let held = HeldBytes(bytes)
        return try PackReader(bytes: held.bytes, owner: held)
    }

    /// Bytes at an aligned address that live as long as this object.
    private final class HeldBytes: Sendable {
        // SAFETY: written only in the initializer.
        nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
        nonisolated(unsafe) private let memory: UnsafeMutableRawBufferPointer

        init(_ content: [UInt8]) {
            let memory = UnsafeMutableRawBufferPointer.allocate(
                byteCount: content.count,
                alignment: 64
            )
            memory.copyBytes(from: content)
            self.memory = memory
            bytes = UnsafeRawBufferPointer(memory)
        }

        deinit { memory.deallocate() }
    }
}
