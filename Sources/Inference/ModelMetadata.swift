/// What people say about a model beside its numbers.
///
/// It stands in an ONNX file's properties, in a sidecar `NAME.json`, or in an import document, with
/// the same names everywhere.
public struct ModelMetadata: Sendable, Equatable {
    /// Which side of the threshold is an anomaly.
    public enum Sign: String, Sendable, Codable {
        case lower, higher
    }

    /// A row with what the model is known to say about it.
    public struct GoldenRow: Sendable, Equatable {
        /// The features in order; NaN where one is missing.
        public var row: [Double]
        public var score: Double?
        public var label: String?

        public init(row: [Double], score: Double? = nil, label: String? = nil) {
            self.row = row
            self.score = score
            self.label = label
        }
    }

    /// The names of the features, in order.
    public var features: [String]?
    /// The output of an ONNX graph that is the score: `scores`, or `probabilities[1]`.
    public var output: String?
    public var sign: Sign?
    public var threshold: Double?
    public var golden: [GoldenRow]

    public init(
        features: [String]? = nil,
        output: String? = nil,
        sign: Sign? = nil,
        threshold: Double? = nil,
        golden: [GoldenRow] = []
    ) {
        self.features = features
        self.output = output
        self.sign = sign
        self.threshold = threshold
        self.golden = golden
    }

    /// What nobody said anything about.
    public var isEmpty: Bool { self == ModelMetadata() }

    /// This metadata with everything that more specific metadata states in its place.
    public func overridden(by other: ModelMetadata) -> ModelMetadata {
        ModelMetadata(
            features: other.features ?? features,
            output: other.output ?? output,
            sign: other.sign ?? sign,
            threshold: other.threshold ?? threshold,
            golden: other.golden.isEmpty ? golden : other.golden
        )
    }
}

extension ModelMetadata: Codable {
    private enum CodingKeys: String, CodingKey {
        case features, output, sign, threshold, golden
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        features = try fields.decodeIfPresent([String].self, forKey: .features)
        output = try fields.decodeIfPresent(String.self, forKey: .output)
        sign = try fields.decodeIfPresent(Sign.self, forKey: .sign)
        threshold = try fields.decodeIfPresent(Double.self, forKey: .threshold)
        golden = try fields.decodeIfPresent([GoldenRow].self, forKey: .golden) ?? []
    }
}

extension ModelMetadata.GoldenRow: Codable {
    private enum CodingKeys: String, CodingKey {
        case row, score, label
    }

    /// A missing value is `null`; a label may be a text or an integer.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        row = try fields.decode([Double?].self, forKey: .row).map { $0 ?? .nan }
        score = try fields.decodeIfPresent(Double.self, forKey: .score)
        do {
            label = try fields.decodeIfPresent(String.self, forKey: .label)
        } catch DecodingError.typeMismatch {
            label = try fields.decodeIfPresent(Int.self, forKey: .label).map { "\($0)" }
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(row.map { $0.isNaN ? nil : $0 }, forKey: .row)
        try fields.encodeIfPresent(score, forKey: .score)
        try fields.encodeIfPresent(label, forKey: .label)
    }
}
