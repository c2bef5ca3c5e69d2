import Core
import FoundationEssentials
import Inference
import ONNX
import Packs
import Sklearn

/// Writes the corpora of packed models and packs, made of the files of the other corpora.
enum Seeds {
    private static let byteCountMax = 8_000

    /// A model and the file that it was made of.
    private struct Sample {
        let name: String
        let model: ModelParameters
        let block: [UInt8]
    }

    /// Writes `model/*` and `pack/*` into the folder that holds `pickle/*` and `onnx/*`.
    static func write(into folder: String) throws {
        let samples = try sklearn(folder + "/pickle") + onnx(folder + "/onnx")
        for sample in samples where isSeed(sample) {
            try write(sample.block, folder + "/model/\(sample.name)")
        }
        let small = samples.filter { $0.block.count <= 1_500 }
        try write(pack([]), folder + "/pack/empty")
        try write(pack(Array(small.prefix(1))), folder + "/pack/one")
        for start in stride(from: 1, to: small.count, by: 4) {
            let bytes = try pack(Array(small[start..<min(start + 4, small.count)]))
            guard bytes.count <= byteCountMax else { continue }
            try write(bytes, folder + "/pack/from-\(small[start].name)")
        }
        try write(layer(over: Array(small.prefix(2))), folder + "/pack/tombstone")
    }

    /// Whether the packed model is unlike the others and small.
    private static func isSeed(_ sample: Sample) -> Bool {
        let others = ["protocol-", "optimized", "onnx-"]
        let converted = ["forest", "isolation-forest", "svc-text", "svr", "gather", "scan"]
        return sample.block.count <= byteCountMax
            && (converted.contains { sample.name == "onnx-" + $0 }
                || !others.contains { sample.name.hasPrefix($0) })
    }

    private static func sklearn(_ folder: String) throws -> [Sample] {
        try files(folder).compactMap { name, bytes in
            let model = try bytes.withUnsafeBytes { try SklearnDecoder.decode($0, name: name) }
            return sample(name, model)
        }
    }

    private static func onnx(_ folder: String) throws -> [Sample] {
        try files(folder).compactMap { name, bytes in
            let file = try ONNXDecoder.decode(bytes, name: name)
            do throws(ONNXError) {
                return sample("onnx-" + name, try ONNXModelLowering.lower(file))
            } catch {
                // Files of single operators are graphs but no models.
                return nil
            }
        }
    }

    private static func sample(_ name: String, _ model: ModelParameters) -> Sample? {
        do throws(InferenceError) {
            return Sample(name: name, model: model, block: try ModelEncoder.encode(model))
        } catch {
            stop("fuzz: cannot encode \(name): \(error.message)")
        }
    }

    private static func pack(_ samples: [Sample]) throws -> [UInt8] {
        var writer = PackWriter()
        for sample in samples { try writer.add(entry(sample)) }
        if !samples.isEmpty { try writer.add(undecodable) }
        return try writer.encode()
    }

    /// A layer that takes a key away from another.
    private static func layer(over samples: [Sample]) throws -> [UInt8] {
        let below = try pack(samples)
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: below.count, alignment: 16)
        defer { bytes.deallocate() }
        bytes.copyBytes(from: below)
        let parent = try PackReader(
            bytes: UnsafeRawBufferPointer(bytes),
            owner: Nobody(),
            name: "packs/1"
        )
        var rule = PackCompaction()
        rule.overlayShareMax = .infinity
        var writer = PackWriter()
        try writer.delete(parent.key(at: 0))
        return try writer.encode(over: parent, compaction: rule)
    }

    private static func entry(_ sample: Sample) throws -> PackEntry {
        PackEntry(
            key: try SeriesKey(parsing: "device-\(sample.name)/sensor"),
            block: sample.block,
            description: ModelDescription(of: sample.model, byteCount: sample.block.count),
            findings: [ModelFinding(.warning, code: "sample", "about \(sample.name)")],
            sourcePath: "models/\(sample.name)",
            sourceDigest: PackDigest(of: sample.block)
        )
    }

    private static var undecodable: PackEntry {
        get throws {
            PackEntry(
                key: try SeriesKey(parsing: "device-z/sensor"),
                block: [],
                description: ModelDescription(undecodable: "no model"),
                findings: [ModelFinding(.error, code: "undecodable", "no model")]
            )
        }
    }

    private static func files(_ folder: String) throws -> [(String, [UInt8])] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map { name in
            (name, Array(try Data(contentsOf: URL(filePath: folder + "/" + name))))
        }
    }

    private static func write(_ bytes: [UInt8], _ path: String) throws {
        try Data(bytes).write(to: URL(filePath: path))
    }

    /// The owner of bytes that outlive the reader anyway.
    private final class Nobody: Sendable {}
}
