/// What the values of a column are.
public enum ParquetKind: String, Sendable, Hashable, CaseIterable {
    case boolean, int32, int64, double
    /// UTF-8 text.
    case string
    /// Microseconds since 1970 in UTC.
    case timestamp
    /// A list of doubles a row.
    case doubleList
}

/// A column's name, kind and whether it may hold nulls.
public struct ParquetField: Sendable, Hashable {
    public var name: String
    public var kind: ParquetKind
    public var isOptional: Bool

    public init(_ name: String, _ kind: ParquetKind, isOptional: Bool = false) {
        self.name = name
        self.kind = kind
        self.isOptional = isOptional
    }
}

/// The columns of a file in order, and the texts stored beside them.
public struct ParquetSchema: Sendable, Equatable {
    public var fields: [ParquetField]
    /// Key-value metadata of the file, in order.
    public var metadata: [ParquetMetadata]

    public init(_ fields: [ParquetField], metadata: [ParquetMetadata] = []) {
        self.fields = fields
        self.metadata = metadata
    }
}

/// One key-value text in a file's footer.
public struct ParquetMetadata: Sendable, Hashable {
    public var key: String
    public var value: String?

    public init(_ key: String, _ value: String?) {
        self.key = key
        self.value = value
    }
}

/// The names and numbers of the format's own enumerations.
///
/// - Source: parquet.thrift of apache/parquet-format 2.11.
enum PhysicalType: Int64 {
    case boolean = 0
    case int32 = 1
    case int64 = 2
    case int96 = 3
    case float = 4
    case double = 5
    case byteArray = 6
    case fixedByteArray = 7

    init(_ kind: ParquetKind) {
        self =
            switch kind {
            case .boolean: .boolean
            case .int32: .int32
            case .int64, .timestamp: .int64
            case .double, .doubleList: .double
            case .string: .byteArray
            }
    }
}

/// How values are laid out in a page.
enum PageEncoding {
    static let plain: Int64 = 0
    static let plainDictionary: Int64 = 2
    static let rle: Int64 = 3
    static let deltaBinaryPacked: Int64 = 5
    static let deltaLengthByteArray: Int64 = 6
    static let deltaByteArray: Int64 = 7
    static let rleDictionary: Int64 = 8
    static let byteStreamSplit: Int64 = 9

    /// The encoding's name, for messages.
    static func name(_ number: Int64) -> String {
        let names = [
            "PLAIN", "GROUP_VAR_INT", "PLAIN_DICTIONARY", "RLE", "BIT_PACKED",
            "DELTA_BINARY_PACKED", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY",
            "RLE_DICTIONARY", "BYTE_STREAM_SPLIT",
        ]
        guard number >= 0, number < names.count else { return "encoding \(number)" }
        return "encoding \(names[Int(number)])"
    }
}

/// How the bytes of a page are compressed.
enum PageCodec {
    static let uncompressed: Int64 = 0
    static let snappy: Int64 = 1
    static let gzip: Int64 = 2
    static let zstd: Int64 = 6
    static let lz4Raw: Int64 = 7

    /// The codec's name, for messages.
    static func name(_ number: Int64) -> String {
        let names = [
            "UNCOMPRESSED", "SNAPPY", "GZIP", "LZO", "BROTLI", "LZ4", "ZSTD", "LZ4_RAW",
        ]
        guard number >= 0, number < names.count else { return "codec \(number)" }
        return "codec \(names[Int(number)])"
    }
}

/// What a page holds.
enum PageType {
    static let data: Int64 = 0
    static let index: Int64 = 1
    static let dictionary: Int64 = 2
    static let dataV2: Int64 = 3
}
