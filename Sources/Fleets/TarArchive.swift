import Core

/// Reads the regular files of a POSIX tar archive where its bytes are, and writes simple ones.
///
/// - Source: POSIX.1-2001 ustar, with the GNU long-name and pax `path` records.
package enum TarArchive {
    package struct Member: Sendable {
        package let name: String
        package let range: Range<Int>
    }

    /// The regular files in archive order.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when the archive is truncated or malformed.
    package static func members(_ bytes: UnsafeRawBufferPointer, name: String) throws -> [Member] {
        var members: [Member] = []
        try forEach(bytes, name: name) { path, range in
            members.append(Member(name: String(decoding: path, as: UTF8.self), range: range))
        }
        return members
    }

    /// Calls the closure with the name and the place of every regular file, in archive order.
    ///
    /// The name's bytes are valid inside the closure.
    ///
    /// - Throws: ``FleetError`` `.invalidArgument` when the archive is truncated or malformed;
    ///   whatever the closure throws.
    package static func forEach(
        _ bytes: UnsafeRawBufferPointer,
        name: String,
        _ body: (_ name: UnsafeRawBufferPointer, _ range: Range<Int>) throws -> Void
    ) throws {
        guard bytes.count >= 512 else {
            throw FleetError(
                .invalidArgument,
                "\(name) has only \(bytes.count) bytes: it is no archive",
                hint: "pass a .tar, .tar.gz or .zip file, or a folder"
            )
        }
        var position = 0
        var longName: String?
        while position + 512 <= bytes.count {
            let header = UnsafeRawBufferPointer(rebasing: bytes[position..<(position + 512)])
            if header[0] == 0, header.allSatisfy({ $0 == 0 }) { return }
            guard let size = number(header, 124..<136), hasValidChecksum(header) else {
                throw FleetError(
                    .invalidArgument,
                    "the archive \(name) is malformed at byte \(position)",
                    hint: "pass a .tar, .tar.gz or .zip file, or a folder"
                )
            }
            let start = position + 512
            guard size <= bytes.count - start else {
                throw FleetError(
                    .invalidArgument,
                    "the archive \(name) ends inside a file at byte \(position)",
                    hint: "copy it again: it is truncated"
                )
            }
            let range = start..<(start + size)
            switch header[156] {
            case 0x4C: longName = text(bytes, range)
            case 0x78: longName = paxPath(bytes, range) ?? longName
            case 0x30, 0:
                try withName(longName, header) { try body($0, range) }
                longName = nil
            default: longName = nil
            }
            position = start + (size + 511) / 512 * 512
        }
    }

    /// Runs with the name of a file: the long one of a record before it, else the header's.
    private static func withName(
        _ long: String?,
        _ header: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        if long == nil, header[345] == 0 {
            let count = header[..<100].firstIndex(of: 0) ?? 100
            return try body(UnsafeRawBufferPointer(rebasing: header[..<count]))
        }
        var name = long ?? fullName(header)
        try name.withUTF8 { try body(UnsafeRawBufferPointer($0)) }
    }

    /// An archive of files with these names and contents.
    package static func make(_ files: [(name: String, bytes: [UInt8])]) -> [UInt8] {
        var archive: [UInt8] = []
        for file in files {
            file.bytes.withUnsafeBytes { append(file.name, $0, to: &archive) }
        }
        archive.append(contentsOf: [UInt8](repeating: 0, count: 1024))
        return archive
    }

    /// Appends one file, with a record of its name before it when that is long.
    static func append(
        _ name: String,
        _ bytes: UnsafeRawBufferPointer,
        to archive: inout [UInt8]
    ) {
        if name.utf8.count > 100 {
            let long = Array(name.utf8) + [0]
            archive += header("././@LongLink", long.count, type: 0x4C)
            archive += long
            archive.append(contentsOf: repeatElement(0, count: (512 - long.count % 512) % 512))
        }
        archive += header(name, bytes.count, type: 0x30)
        archive.append(contentsOf: bytes)
        archive.append(contentsOf: repeatElement(0, count: (512 - bytes.count % 512) % 512))
    }

    /// One file of an archive: header, content and padding.
    static func member(_ name: String, _ bytes: [UInt8]) -> [UInt8] {
        header(name, byteCount: bytes.count) + bytes
            + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
    }

    /// The header of a file that follows, for a name of at most 100 bytes.
    static func header(_ name: String, byteCount: Int) -> [UInt8] {
        header(name, byteCount, type: 0x30)
    }

    private static func header(_ name: String, _ size: Int, type: UInt8) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ bytes: some Sequence<UInt8>, at offset: Int) {
            for (index, byte) in bytes.enumerated() { block[offset + index] = byte }
        }
        func octal(_ value: Int, _ digits: Int) -> [UInt8] {
            let text = String(value, radix: 8)
            return Array((String(repeating: "0", count: max(0, digits - text.count)) + text).utf8)
        }
        put(name.utf8.prefix(100), at: 0)
        put(octal(0o644, 7), at: 100)
        put(octal(0, 7), at: 108)
        put(octal(0, 7), at: 116)
        if size < 1 << 33 {
            put(octal(size, 11), at: 124)
        } else {
            // GNU's base-256 number.
            put([0x80], at: 124)
            for byte in 0..<8 {
                block[128 + byte] = UInt8(truncatingIfNeeded: size >> (56 - 8 * byte))
            }
        }
        put(octal(0, 11), at: 136)
        put([UInt8](repeating: 0x20, count: 8), at: 148)
        block[156] = type
        put("ustar\u{0}00".utf8, at: 257)
        let sum = block.reduce(0) { $0 + Int($1) }
        put(octal(sum, 6) + [0, 0x20], at: 148)
        return block
    }

    private static func number(_ header: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
        if header[range.lowerBound] == 0x80 {  // GNU base-256
            let value = header[range].dropFirst(4).reduce(0) { $0 &* 256 &+ Int($1) }
            return value >= 0 ? value : nil
        }
        var value = 0
        for byte in header[range] where byte != 0x20 && byte != 0 {
            guard (0x30...0x37).contains(byte), value < 1 << 50 else { return nil }
            value = value * 8 + Int(byte - 0x30)
        }
        return value
    }

    private static func hasValidChecksum(_ header: UnsafeRawBufferPointer) -> Bool {
        var sum = 8 * 0x20
        for index in 0..<148 { sum += Int(header[index]) }
        for index in 156..<512 { sum += Int(header[index]) }
        return number(header, 148..<156) == sum
    }

    private static func fullName(_ header: UnsafeRawBufferPointer) -> String {
        let name = text(header, 0..<100)
        let isUstar = text(header, 257..<262) == "ustar" && header[262] == 0
        let prefix = isUstar ? text(header, 345..<500) : ""
        return prefix.isEmpty ? name : prefix + "/" + name
    }

    private static func text(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> String {
        String(decoding: bytes[range].prefix { $0 != 0 }, as: UTF8.self)
    }

    /// The `path` of a pax header: records of `LENGTH key=value\n`.
    private static func paxPath(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> String? {
        let text = String(decoding: bytes[range], as: UTF8.self)
        for record in text.split(separator: "\n") {
            let parts = record.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[1].hasPrefix("path=") else { continue }
            return String(parts[1].dropFirst(5))
        }
        return nil
    }
}
