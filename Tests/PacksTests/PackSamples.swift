import Core
import Inference
import Packs
import Testing

/// Small packs that tests share.
enum PackSamples {
    /// A model of the family of machines, or, for every third number, of another family.
    static func model(_ number: Int) -> ModelParameters {
        let seed = Double(number)
        let vectors = 1 + number % 12
        let machine = SupportVectorMachine(
            kernel: .rbf,
            gamma: 0.5,
            coef0: 0,
            degree: 3,
            supportVectors: (0..<vectors).map { Double($0) / 4 - seed / 100 },
            dualCoefficients: (0..<vectors).map { 1 / Double($0 + 1) },
            intercept: -0.75,
            nu: number.isMultiple(of: 2) ? 0.1 : nil,
            trainingRowCount: number.isMultiple(of: 5) ? 100 + number : nil
        )
        let scaler = Standardize(center: [seed], scale: [2])
        return ModelParameters(
            type: number % 3 == 2 ? "scaled" : "one_class_svm",
            stages: number % 3 == 2 ? [machine, scaler] : [scaler, machine],
            head: .aboveZeroIsNormal,
            featureCount: 1,
            featureNames: number.isMultiple(of: 2) ? ["mean"] : nil,
            source: "test \(number % 4)"
        )
    }

    static func entry(_ key: SeriesKey, _ number: Int) throws -> PackEntry {
        let model = model(number)
        let block = try ModelEncoder.encode(model)
        return PackEntry(
            key: key,
            block: block,
            description: ModelDescription(of: model, byteCount: block.count),
            findings: number.isMultiple(of: 2)
                ? [] : [ModelFinding(.warning, code: "sample", "number \(number % 4) µ")],
            sourcePath: number == 1 ? "" : "models/\(key.fileName).pkl",
            sourceDigest: PackDigest(of: [UInt8(number & 0xFF), 7])
        )
    }

    static func key(_ text: String) throws -> SeriesKey { try SeriesKey(parsing: text) }

    static func entries(_ keys: [String]) throws -> [PackEntry] {
        try keys.enumerated().map { try entry(key($0.element), $0.offset) }
    }

    static func pack(
        _ entries: [PackEntry],
        deleting deleted: [String] = [],
        over parent: PackReader? = nil,
        compaction: PackCompaction = PackCompaction()
    ) throws -> [UInt8] {
        var writer = PackWriter()
        for entry in entries { try writer.add(entry) }
        for text in deleted { try writer.delete(key(text)) }
        return try writer.encode(over: parent, compaction: compaction)
    }

    /// Never whole again because of how much is in it.
    static var layering: PackCompaction {
        var rule = PackCompaction()
        rule.layerCountMax = PackParent.layerCountMax
        rule.overlayShareMax = .infinity
        return rule
    }

    static func layer(
        _ bytes: [UInt8],
        _ location: String,
        checkingHashes: Bool = true
    ) throws -> PackLayer {
        let held = try HeldBytes(bytes)
        return try PackLayer(
            bytes: held.bytes,
            owner: held,
            location: location,
            checkingHashes: checkingHashes
        )
    }

    static func open(_ bytes: [UInt8]) throws -> PackReader { try open([bytes]) }

    /// Opens layers, base first; they are called `1`, `2` and so on.
    static func open(_ layers: [[UInt8]], checkingHashes: Bool = true) throws -> PackReader {
        try PackReader(
            layers: layers.enumerated().map {
                try layer($0.element, "\($0.offset + 1)", checkingHashes: checkingHashes)
            }
        )
    }
}

/// Everything a pack says about one model.
struct ModelAnswer: Equatable {
    let key: SeriesKey
    let block: [UInt8]
    let digest: String
    let description: ModelDescription
    let findings: [ModelFinding]
    let path: String
    let source: PackDigest

    init(_ pack: PackReader, at index: Int) throws {
        key = pack.key(at: index)
        block = try Array(pack.blockBytes(at: index))
        digest = try pack.digest(at: index)
        description = try pack.description(at: index)
        findings = try pack.findings(at: index)
        path = try pack.sourcePath(at: index)
        source = try pack.sourceDigest(at: index)
        if !block.isEmpty { _ = try pack.block(at: index) }
    }

    init(_ entry: PackEntry) {
        key = entry.key
        block = entry.block
        digest = entry.digest.hex
        description = entry.description
        findings = entry.findings
        path = entry.sourcePath
        source = entry.sourceDigest
    }

    static func all(_ pack: PackReader) throws -> [ModelAnswer] {
        try pack.indices.map { try ModelAnswer(pack, at: $0) }
    }
}
