/// The head of an HTTP/1.1 request, as nearly all clients write it.
///
/// Where such a request ends is plain from its bytes, so that it need not be parsed to be counted.
/// Nothing is guessed: a head with anything that is rare or that could be read in two ways is
/// ``Reading/unusual``.
struct PlainHead {
    enum Reading {
        case head(PlainHead)
        /// More bytes must come.
        case incomplete
        /// The head is for a whole parser, and so is all that follows it.
        case unusual
    }

    /// Through the empty line.
    private(set) var byteCount = 0
    private(set) var bodyByteCount = 0
    private(set) var path = ""
    private(set) var contentType: String?
    private(set) var authorization: String?
    private(set) var idempotencyKey: String?
    /// Where the digits of the body's size are; nil without a body.
    private(set) var lengthDigits: Range<Int>?
    /// Whether it wants no more than that its body is posted and answered.
    private(set) var isPost = false

    /// More are read by the parser.
    private static let byteCountMax = 16 << 10

    static func read(_ bytes: UnsafeRawBufferPointer) -> Reading {
        var lines = Lines(bytes: bytes)
        var head = PlainHead()
        guard let start = lines.next() else { return lines.end }
        guard head.readStart(start) else { return .unusual }
        while let line = lines.next() {
            guard !line.isEmpty else {
                head.byteCount = lines.position
                return .head(head)
            }
            guard head.readField(line) else { return .unusual }
        }
        return lines.end
    }

    private mutating func readStart(_ line: Slice<UnsafeRawBufferPointer>) -> Bool {
        let words = line.split(separator: 0x20, omittingEmptySubsequences: false)
        guard words.count == 3, words[1].first == UInt8(ascii: "/"),
            String(decoding: words[2], as: UTF8.self) == "HTTP/1.1"
        else { return false }
        path = String(decoding: words[1], as: UTF8.self)
        switch String(decoding: words[0], as: UTF8.self) {
        case "POST": isPost = true
        case "GET", "HEAD", "PUT", "DELETE", "PATCH": isPost = false
        default: return false
        }
        return true
    }

    private mutating func readField(_ line: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")),
            let name = Self.name(line[..<colon])
        else { return false }
        let value = Self.trimmed(line[(colon + 1)...])
        switch name {
        case "content-length":
            guard lengthDigits == nil, let count = Self.number(value) else { return false }
            bodyByteCount = count
            lengthDigits = value.startIndex..<value.endIndex
        case "transfer-encoding", "upgrade":
            return false
        case "content-type":
            take(value, as: \.contentType)
        case "authorization":
            take(value, as: \.authorization)
        case "idempotency-key":
            take(value, as: \.idempotencyKey)
            isPost = isPost && 1...256 ~= value.count
        case "connection":
            isPost = isPost && String(decoding: value, as: UTF8.self).lowercased() == "keep-alive"
        case "content-encoding", "expect":
            isPost = false
        default:
            break
        }
        return true
    }

    /// Keeps what may be said once.
    private mutating func take(
        _ value: Slice<UnsafeRawBufferPointer>,
        as field: WritableKeyPath<Self, String?>
    ) {
        isPost = isPost && self[keyPath: field] == nil
        self[keyPath: field] = String(decoding: value, as: UTF8.self)
    }

    /// A name in lower case; nil for one with characters that names mostly do not have.
    private static func name(_ bytes: Slice<UnsafeRawBufferPointer>) -> String? {
        let isPlain = bytes.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isPlain, !bytes.isEmpty else { return nil }
        return String(decoding: bytes, as: UTF8.self).lowercased()
    }

    private static func trimmed(
        _ bytes: Slice<UnsafeRawBufferPointer>
    ) -> Slice<UnsafeRawBufferPointer> {
        var value = bytes.drop { $0 == 0x20 }
        while value.last == 0x20 { value.removeLast() }
        return value
    }

    /// A number of few enough digits.
    static func number(_ digits: Slice<UnsafeRawBufferPointer>) -> Int? {
        guard 1...15 ~= digits.count else { return nil }
        var number = 0
        for digit in digits {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit else { return nil }
            number = number * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return number
    }

    /// Lines of visible characters and spaces, each with its `\r\n`.
    private struct Lines {
        let bytes: UnsafeRawBufferPointer
        private(set) var position = 0
        private var isUnusual = false

        init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

        /// Nil at the end and at what is no such line.
        mutating func next() -> Slice<UnsafeRawBufferPointer>? {
            let start = position
            var at = start
            while at < bytes.count, 0x20...0x7E ~= bytes[at] { at += 1 }
            guard at + 1 < bytes.count else {
                isUnusual = at < bytes.count && bytes[at] != 0x0D
                return nil
            }
            guard bytes[at] == 0x0D, bytes[at + 1] == 0x0A else {
                isUnusual = true
                return nil
            }
            position = at + 2
            return bytes[start..<at]
        }

        /// What there is to say when there is no next line.
        var end: Reading {
            // Only for posts is it worth to wait for the rest.
            isUnusual || bytes.count > byteCountMax || !bytes.starts(with: "POST /".utf8)
                ? .unusual : .incomplete
        }
    }
}
