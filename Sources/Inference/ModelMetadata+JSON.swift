internal import FoundationEssentials

extension ModelMetadata {
    /// Bytes of a sidecar, and of one property of an ONNX file.
    public static let jsonByteCountMax = 4 << 20

    /// The metadata of a sidecar file `NAME.json`.
    ///
    /// - Throws: ``InferenceError`` `.invalidModel` saying what is wrong; other names are ignored.
    public init(json bytes: [UInt8]) throws(InferenceError) {
        self = try Self.decode(ModelMetadata.self, bytes, "the metadata")
    }

    /// The metadata among an ONNX file's properties: `fleetscore.threshold`, or just `threshold`.
    ///
    /// Lists are JSON: `["temperature", "pressure"]`, `[{"row": [1, 2], "score": -0.25}]`.
    /// - Throws: ``InferenceError`` `.invalidModel` naming the property that is wrong.
    public init(properties: [String: String]) throws(InferenceError) {
        func find(_ name: String) -> String? {
            properties["fleetscore.\(name)"] ?? properties[name]
        }
        self.init()
        if let text = find("features") {
            features = try Self.decode([String].self, Array(text.utf8), "the property features")
        }
        output = find("output")
        if let text = find("sign") {
            guard let value = Sign(rawValue: text) else {
                throw .invalid("the property sign is '\(text)'; it is lower or higher")
            }
            sign = value
        }
        if let text = find("threshold") {
            guard let value = Double(text), value.isFinite else {
                throw .invalid("the property threshold is '\(text)', not a number")
            }
            threshold = value
        }
        if let text = find("golden") {
            golden = try Self.decode([GoldenRow].self, Array(text.utf8), "the property golden")
        }
    }

    private static func decode<Value: Decodable>(
        _ type: Value.Type,
        _ bytes: [UInt8],
        _ what: String
    ) throws(InferenceError) -> Value {
        guard bytes.count <= jsonByteCountMax else {
            throw .invalid("\(what) has \(bytes.count) bytes, more than \(jsonByteCountMax)")
        }
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            throw .invalid("\(what) cannot be read: \(Self.text(error))")
        } catch {
            throw .invalid("\(what) is not JSON")
        }
    }

    /// Where and why decoding failed, in one line.
    private static func text(_ error: DecodingError) -> String {
        func place(_ context: DecodingError.Context) -> String {
            let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
            return path.isEmpty ? "" : path.joined(separator: ".") + ": "
        }
        switch error {
        case .keyNotFound(let key, let context):
            return "\(place(context))'\(key.stringValue)' is missing"
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            return "\(place(context))it is not a \(type)"
        case .dataCorrupted(let context): return "\(place(context))it is not valid"
        @unknown default: return "it is not valid"
        }
    }
}
