internal import Core

/// How the events of a body are written.
///
/// Each format is declared in a file of its own, with its names, how a body of it is recognized
/// and what decodes it; `allCases` lists them.
public struct EventFormat: RawRepresentable, Sendable, Hashable, Codable, CaseIterable {
    /// The name in commands, queries and documents.
    public let rawValue: String
    /// The media types that mean it, in lower case and without parameters.
    public let contentTypes: [String]
    /// What file names of it end in, in lower case and without a dot.
    public let fileExtensions: [String]

    /// Whether a body that starts like this is of the format.
    let isSeen: @Sendable (BodyStart) -> Bool
    /// Decodes a whole body and appends its events.
    let decode: @Sendable (EventBody, inout DecodedEvents) throws -> Void

    init(
        _ name: String,
        contentTypes: [String],
        fileExtensions: [String],
        isSeen: @escaping @Sendable (BodyStart) -> Bool,
        decode: @escaping @Sendable (EventBody, inout DecodedEvents) throws -> Void
    ) {
        rawValue = name
        self.contentTypes = contentTypes
        self.fileExtensions = fileExtensions
        self.isSeen = isSeen
        self.decode = decode
    }
}

extension EventFormat {
    /// Every format, in the order in which a body without a type is compared with them.
    ///
    /// The last one takes what is like none of the others.
    public static let allCases: [EventFormat] = [.json, .ndjson, .line, .csv]

    /// The format of a name; nil when there is none.
    public init?(rawValue: String) {
        guard let format = Self.allCases.first(where: { $0.rawValue == rawValue }) else {
            return nil
        }
        self = format
    }

    /// The format of a `Content-Type` header; nil when it names none of them.
    public init?(contentType: String) {
        let type = Self.mediaType(contentType)
        guard let format = Self.allCases.first(where: { $0.contentTypes.contains(type) }) else {
            return nil
        }
        self = format
    }

    /// The format that a file name ends in; nil when it is none of them.
    public init?(fileName: String) {
        guard let dot = fileName.lastIndex(of: ".") else { return nil }
        let end = fileName[fileName.index(after: dot)...].lowercased()
        guard let format = Self.allCases.first(where: { $0.fileExtensions.contains(end) }) else {
            return nil
        }
        self = format
    }

    /// The format that a body looks like; CSV when it is like none.
    ///
    /// Objects on lines of their own are NDJSON, so that a bad line spoils only itself.
    public init(lookingAt body: UnsafeRawBufferPointer) {
        let start = BodyStart(body)
        self = Self.allCases.first { $0.isSeen(start) } ?? .csv
    }

    /// Whether a `Content-Type` says nothing, as curl sends it when it is not told otherwise.
    public static func isUnsaid(contentType: String?) -> Bool {
        guard let contentType else { return true }
        return ["application/x-www-form-urlencoded", "application/octet-stream", "text/plain"]
            .contains(mediaType(contentType))
    }

    private static func mediaType(_ contentType: String) -> String {
        contentType.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
    }
}

/// The beginning of a body, for telling its format.
struct BodyStart {
    /// From the first byte that is not blank or a byte order mark, as far as is looked at.
    let text: UnsafeRawBufferPointer
    /// The first byte; nil when the body is blank.
    let first: UInt8?
    /// Whether the body is longer than what is looked at.
    let isCut: Bool

    private static let byteCountMax = 1 << 16

    init(_ body: UnsafeRawBufferPointer) {
        let rest = body.drop { Self.isBlank($0) }
        text = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.byteCountMax))
        first = text.first
        isCut = text.count < rest.count
    }

    /// Whether the first line ends in a byte, but for blanks.
    func firstLine(endsIn byte: UInt8) -> Bool {
        text.prefix { $0 != 0x0A }.last { !Self.isBlank($0) } == byte
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF: true
        default: false
        }
    }
}

/// A body to decode, and how.
struct EventBody {
    let bytes: UnsafeRawBufferPointer
    let options: DecodeOptions
    let limits: Limits
    let path: DecodePath
    /// Which message of a batch it is.
    var messageIndex: Int?
    /// Which texts mean which series of the process; nil where only this body counts.
    var memory: SeriesMemory?
}

/// Which way a body is decoded; the events are the same.
public enum DecodePath: Sendable {
    /// Guesses that an event is laid out as the one before and looks closely only when it is not.
    case predicted
    /// Reads every event from its first byte to its last: what the other way is tested against.
    case plain
}
