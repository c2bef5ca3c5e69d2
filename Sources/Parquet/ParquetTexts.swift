/// Texts one after another in memory, as the dictionary of a string column holds them.
///
/// A `String` is made only where one is read, so that writing and reading a file makes none.
public struct ParquetTexts: Sendable, Equatable {
    /// UTF-8.
    @usableFromInline var bytes: [UInt8] = []
    /// Per text: where it ends.
    @usableFromInline var ends: [Int] = []

    public init() {}

    public init(_ texts: some Sequence<String>) {
        for text in texts { append(text) }
    }

    public mutating func reserveCapacity(_ count: Int) { ends.reserveCapacity(count) }

    public mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append(utf8: UnsafeRawBufferPointer($0)) }
    }

    /// Appends a text by its bytes, which must be UTF-8.
    @inlinable
    public mutating func append(utf8 text: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: text)
        ends.append(bytes.count)
    }

    /// Appends a text by its bytes; false when they are not UTF-8.
    mutating func append(validating text: UnsafeRawBufferPointer) -> Bool {
        guard Self.isASCII(text) || String(validating: text, as: UTF8.self) != nil else {
            return false
        }
        append(utf8: text)
        return true
    }

    public mutating func append(contentsOf other: ParquetTexts) {
        let base = bytes.count
        bytes.append(contentsOf: other.bytes)
        ends.append(contentsOf: other.ends.lazy.map { $0 &+ base })
    }

    @inlinable
    public func byteCount(of index: Int) -> Int { ends[index] &- start(of: index) }

    /// The UTF-8 bytes of a text.
    @inlinable
    @inline(__always)
    public func withBytes<Result>(
        of index: Int,
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        let range = start(of: index)..<ends[index]
        return try bytes.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    @inlinable
    @inline(__always)
    func start(of index: Int) -> Int { index == 0 ? 0 : ends[index &- 1] }

    private static func isASCII(_ text: UnsafeRawBufferPointer) -> Bool {
        var all: UInt64 = 0
        var offset = 0
        while offset &+ 8 <= text.count {
            all |= text.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            offset &+= 8
        }
        while offset < text.count {
            all |= UInt64(text[offset])
            offset &+= 1
        }
        return all & 0x8080_8080_8080_8080 == 0
    }
}

extension ParquetTexts: RandomAccessCollection {
    @inlinable public var startIndex: Int { 0 }
    @inlinable public var endIndex: Int { ends.count }

    public subscript(index: Int) -> String {
        withBytes(of: index) { String(decoding: $0, as: UTF8.self) }
    }
}

extension ParquetTexts: ExpressibleByArrayLiteral {
    public init(arrayLiteral texts: String...) { self.init(texts) }
}

extension UnsafeRawBufferPointer {
    /// Whether bytes are the same as others.
    func isSame(as other: UnsafeRawBufferPointer) -> Bool {
        count == other.count && elementsEqual(other)
    }
}
