internal import Core
internal import Crypto

/// A SHA-256 as a value of 32 bytes, without a heap object.
package struct PackDigest: Sendable, Hashable, BitwiseCopyable {
    private var first: UInt64 = 0
    private var second: UInt64 = 0
    private var third: UInt64 = 0
    private var fourth: UInt64 = 0

    package static let byteCount = 32
    /// Stands for "not known".
    package static let none = PackDigest()

    private init() {}

    /// The SHA-256 of bytes.
    package init(of bytes: UnsafeRawBufferPointer) {
        var hasher = SHA256()
        hasher.update(bufferPointer: bytes)
        self.init(hasher.finalize())
    }

    /// The SHA-256 of bytes.
    package init(of bytes: [UInt8]) {
        self = bytes.withUnsafeBytes { PackDigest(of: $0) }
    }

    init(_ digest: SHA256Digest) {
        self = digest.withUnsafeBytes { PackDigest(bytes: $0) } ?? .none
    }

    /// The digest whose 32 bytes are given, nil for another number of bytes.
    package init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.byteCount else { return nil }
        self = bytes.loadUnaligned(as: PackDigest.self)
    }

    /// The digest written in hexadecimal, nil when the text is not 64 hexadecimal digits.
    package init?(hex: some StringProtocol) {
        let text = hex.utf8
        guard text.count == 2 * Self.byteCount else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        var high: UInt8?
        for character in text {
            guard let digit = Self.digit(character) else { return nil }
            if let value = high {
                bytes.append(value << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        guard let digest = bytes.withUnsafeBytes({ PackDigest(bytes: $0) }) else { return nil }
        self = digest
    }

    /// Whether it stands for "not known".
    package var isNone: Bool { self == .none }

    /// The digest in lower-case hexadecimal.
    package var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return withUnsafeBytes(of: self) { bytes in
            String(unsafeUninitializedCapacity: 2 * Self.byteCount) { text in
                for (position, byte) in bytes.enumerated() {
                    text[2 * position] = digits[Int(byte >> 4)]
                    text[2 * position + 1] = digits[Int(byte & 15)]
                }
                return 2 * Self.byteCount
            }
        }
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case 0x30...0x39: character - 0x30
        case 0x61...0x66: character - 0x61 + 10
        case 0x41...0x46: character - 0x41 + 10
        default: nil
        }
    }
}

extension PackDigest: CustomStringConvertible {
    package var description: String { hex }
}
